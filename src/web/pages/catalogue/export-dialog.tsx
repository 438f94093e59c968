import { Download } from 'lucide-react'
import { useState } from 'react'
import { exportSource, prepareExport, type SourceView } from '../../../contract/catalogue.ts'
import type { RouteAnswer } from '../../../contract/route.ts'
import { callApi } from '../../api/call.ts'
import { downloadFile } from '../../api/files.ts'
import { type ApiProblem, toApiProblem } from '../../api/problem.ts'
import { Button } from '../../components/button.tsx'
import { Checkbox } from '../../components/choice.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { ErrorNote } from '../../components/error-state.tsx'
import { useText } from '../../messages/text.tsx'
import { ExportLeft } from './export-left.tsx'

/** What goes into a file beside its accepted values, said before it is downloaded; what it could not hold, said with it. */
export function ExportDialog({ source, onClose }: { source: SourceView | undefined; onClose: () => void }) {
  const { t } = useText()
  const [shown, setShown] = useState(source) // what closes keeps its words until it is gone
  const [origins, setOrigins] = useState(false)
  const [structured, setStructured] = useState(true)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<ApiProblem>()
  const [made, setMade] = useState<RouteAnswer<typeof prepareExport>>()
  if (source && source !== shown) {
    setShown(source)
    setMade(undefined)
    setProblem(undefined)
  }
  if (!shown) return null
  const close = () => {
    onClose()
    setMade(undefined)
    setProblem(undefined)
  }
  const download = async () => {
    const params = { sourceId: shown.id }
    setBusy(true)
    setProblem(undefined)
    try {
      const answer = await callApi(prepareExport, { params, body: { origins, structured } })
      downloadFile(exportSource, { params, query: { prepared: answer.prepared } })
      if (answer.left.count > 0) setMade(answer)
      else close()
    } catch (error) {
      setProblem(toApiProblem(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog
      open={source !== undefined}
      onClose={close}
      title={made ? t('catalogue.exporting.done') : t('catalogue.exporting.title')}
      description={
        made ? (
          <bdi className="font-medium">{shown.label}</bdi>
        ) : (
          <>
            <bdi className="font-medium">{shown.label}</bdi> {t('catalogue.exporting.what')}
          </>
        )
      }
      actions={
        made ? (
          <Button kind="main" onClick={close}>
            {t('common.close')}
          </Button>
        ) : (
          <>
            <Button onClick={close}>{t('common.cancel')}</Button>
            <Button kind="main" busy={busy} icon={<Download aria-hidden className="size-4" />} onClick={() => void download()}>
              {t('catalogue.exporting.download')}
            </Button>
          </>
        )
      }
    >
      {made ? (
        <ExportLeft {...made.left} />
      ) : (
        <div className="flex flex-col gap-4">
          {shown.merchant && (
            <Checkbox
              label={t('catalogue.exporting.structured')}
              help={t('catalogue.exporting.structuredHelp')}
              checked={structured}
              onChange={setStructured}
            />
          )}
          <Checkbox
            label={t('catalogue.exporting.origins')}
            help={t('catalogue.exporting.originsHelp')}
            checked={origins}
            onChange={setOrigins}
          />
          {problem && <ErrorNote problem={problem} />}
        </div>
      )}
    </Dialog>
  )
}
