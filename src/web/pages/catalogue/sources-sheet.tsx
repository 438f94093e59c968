import { Link } from '@tanstack/react-router'
import { Download } from 'lucide-react'
import { useState } from 'react'
import { changeSource, listProducts, listSources, productFacets, type SourceView } from '../../../contract/catalogue.ts'
import { callApi } from '../../api/call.ts'
import { invalidate } from '../../api/query.ts'
import { Button, buttonClass } from '../../components/button.tsx'
import { Sheet } from '../../components/dialog.tsx'
import { TextInput } from '../../components/field.tsx'
import { RelativeTime } from '../../components/figures.tsx'
import { say, sayProblem } from '../../components/toast.tsx'
import { useText } from '../../messages/text.tsx'
import { useMay } from '../../support/me.ts'
import { ColumnRoles } from './column-roles.tsx'
import { MappingTable } from './mapping-table.tsx'
import { ExportDialog } from './export-dialog.tsx'

/** The files that products come from: what each brought, its export, which of its columns the list shows. */
export function SourcesSheet({ open, sources, onClose }: { open: boolean; sources: readonly SourceView[]; onClose: () => void }) {
  const { t } = useText()
  return (
    <Sheet open={open} onClose={onClose} title={t('catalogue.files')} description={t('catalogue.sources.what')}>
      <ul className="flex flex-col gap-4">
        {sources.map((source) => (
          <li key={source.id} className="rounded-md border border-line p-3">
            <Source source={source} />
          </li>
        ))}
      </ul>
    </Sheet>
  )
}

function Source({ source }: { source: SourceView }) {
  const { t } = useText()
  const mayWrite = useMay('catalogue.write')
  const [edits, setEdits] = useState(false)
  const [exports, setExports] = useState(false)
  return (
    <div className="flex flex-col gap-2">
      <h3 className="font-semibold">
        <bdi>{source.label}</bdi>
      </h3>
      <p className="text-table text-ink-2">
        {t('catalogue.sources.products', { count: source.products })} · <RelativeTime at={source.importedAt} /> ·{' '}
        {t(`catalogue.sources.kinds.${source.kind}`)}
      </p>
      <div className="flex flex-wrap gap-2">
        <Link to="/sources/$sourceId/memory" params={{ sourceId: source.id }} className={buttonClass({ small: true })}>
          {t('memory.open')}
        </Link>
        {source.exportable && (
          <Button small icon={<Download aria-hidden className="size-4" />} onClick={() => setExports(true)}>
            {t('catalogue.sources.export')}
          </Button>
        )}
        {mayWrite && (
          <Button small kind="quiet" aria-expanded={edits} onClick={() => setEdits(!edits)}>
            {t('catalogue.sources.edit')}
          </Button>
        )}
      </div>
      {!source.exportable && <p className="text-table text-ink-2">{t('catalogue.sources.byCommand')}</p>}
      <ExportDialog source={exports ? source : undefined} onClose={() => setExports(false)} />
      {edits && <EditSource source={source} onSaved={() => setEdits(false)} />}
    </div>
  )
}

function EditSource({ source, onSaved }: { source: SourceView; onSaved: () => void }) {
  const { t } = useText()
  const [label, setLabel] = useState(source.label)
  const [columns, setColumns] = useState(source.columns)
  const [mapping, setMapping] = useState(source.mapping)
  const [busy, setBusy] = useState(false)
  const save = async () => {
    setBusy(true)
    try {
      await callApi(changeSource, {
        params: { sourceId: source.id },
        body: { label, columns, ...(mapping === source.mapping ? {} : { mapping }) },
      })
      await invalidate(listSources, listProducts, productFacets)
      say(t('common.saved'))
      onSaved()
    } catch (error) {
      sayProblem(error, t)
    } finally {
      setBusy(false)
    }
  }
  return (
    <div className="mt-1 flex flex-col gap-3 border-t border-line pt-3">
      <TextInput
        label={t('catalogue.sources.label')}
        value={label}
        maxLength={200}
        onChange={(event) => setLabel(event.currentTarget.value)}
      />
      <details>
        <summary className="font-medium">{t('mapping.title')}</summary>
        <div className="mt-2">
          <MappingTable columns={source.attributes} mapping={mapping} onChange={setMapping} />
        </div>
      </details>
      <ColumnRoles columns={source.attributes} roles={columns} onChange={setColumns} />
      <div>
        <Button kind="main" small busy={busy} disabled={label.trim() === ''} onClick={() => void save()}>
          {t('common.save')}
        </Button>
      </div>
    </div>
  )
}
