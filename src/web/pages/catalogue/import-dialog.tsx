import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type FileView, type ImportView, readImport, type SourceView } from '../../../contract/catalogue.ts'
import { toApiProblem } from '../../api/problem.ts'
import { queryOf } from '../../api/query.ts'
import { Dialog } from '../../components/dialog.tsx'
import { ErrorState } from '../../components/error-state.tsx'
import { FieldsSkeleton } from '../../components/skeleton.tsx'
import { useText } from '../../messages/text.tsx'
import { StructureOrProducts } from '../structure/structure-file.tsx'
import { ImportProgress } from './import-progress.tsx'
import { ImportPreview } from './import-preview.tsx'
import { UploadFile } from './upload-file.tsx'

/** Bringing a file: choose it, see how it is understood, import it, see what came of it. The import's id is in the address. */
export function ImportDialog({
  importId,
  sources,
  onImport,
  onSee,
  onClose,
}: {
  importId: string | undefined
  sources: readonly SourceView[]
  onImport: (id: string) => void
  /** Leads to the products of a source. */
  onSee: (sourceId: string) => void
  onClose: () => void
}) {
  const { t } = useText()
  const [file, setFile] = useState<FileView>()
  const title = importId !== undefined ? t('catalogue.import.title') : file ? t('catalogue.import.look') : t('catalogue.bring')
  return (
    <Dialog open onClose={onClose} title={title} wide={file !== undefined || importId !== undefined}>
      {importId !== undefined ? (
        <RunningImport importId={importId} onSee={onSee} onClose={onClose} />
      ) : file ? (
        <StructureOrProducts key={file.id} file={file} onAnother={() => setFile(undefined)}>
          <ImportPreview file={file} sources={sources} onFile={setFile} onAnother={() => setFile(undefined)} onImport={onImport} />
        </StructureOrProducts>
      ) : (
        <UploadFile onFile={setFile} />
      )}
    </Dialog>
  )
}

function RunningImport({ importId, onSee, onClose }: { importId: string; onSee: (sourceId: string) => void; onClose: () => void }) {
  const first = useQuery(queryOf(readImport, { params: { importId } }))
  const [latest, setLatest] = useState<ImportView>()
  const seen = latest?.id === importId ? latest : first.data
  if (first.error) return <ErrorState problem={toApiProblem(first.error)} onRetry={() => void first.refetch()} />
  if (!seen) return <FieldsSkeleton fields={2} />
  return <ImportProgress seen={seen} onSeen={setLatest} onSee={() => onSee(seen.source.id)} onClose={onClose} />
}
