import { Download } from 'lucide-react'
import { useState } from 'react'
import { exportSource, type SourceView } from '../../../contract/catalogue.ts'
import { downloadFile } from '../../api/files.ts'
import { Button } from '../../components/button.tsx'
import { Checkbox } from '../../components/choice.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { useText } from '../../messages/text.tsx'

/** What goes into a file beside its accepted values, said before it is downloaded. */
export function ExportDialog({ source, onClose }: { source: SourceView | undefined; onClose: () => void }) {
  const { t } = useText()
  const [shown, setShown] = useState(source) // what closes keeps its words until it is gone
  if (source && source !== shown) setShown(source)
  const [origins, setOrigins] = useState(false)
  const [structured, setStructured] = useState(true)
  if (!shown) return null
  const download = () => {
    downloadFile(exportSource, {
      params: { sourceId: shown.id },
      query: { ...(origins ? { origins: 'true' } : {}), ...(shown.merchant && !structured ? { structured: 'false' } : {}) },
    })
    onClose()
  }
  return (
    <Dialog
      open={source !== undefined}
      onClose={onClose}
      title={t('catalogue.exporting.title')}
      description={
        <>
          <bdi className="font-medium">{shown.label}</bdi> {t('catalogue.exporting.what')}
        </>
      }
      actions={
        <>
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button kind="main" icon={<Download aria-hidden className="size-4" />} onClick={download}>
            {t('catalogue.exporting.download')}
          </Button>
        </>
      }
    >
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
      </div>
    </Dialog>
  )
}
