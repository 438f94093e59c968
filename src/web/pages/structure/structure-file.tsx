import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import type { FileView } from '../../../contract/catalogue.ts'
import { importStructureFile, lookAtStructureFile, type StructureFileLook } from '../../../contract/structure.ts'
import { callApi } from '../../api/call.ts'
import { type ApiProblem, toApiProblem } from '../../api/problem.ts'
import { queryOf } from '../../api/query.ts'
import { Note } from '../../components/badge.tsx'
import { Button } from '../../components/button.tsx'
import { ErrorNote } from '../../components/error-state.tsx'
import { ScrollBox } from '../../components/scroll-box.tsx'
import { FieldsSkeleton } from '../../components/skeleton.tsx'
import { say } from '../../components/toast.tsx'
import { useText } from '../../messages/text.tsx'
import { formatCount } from '../../support/numbers.ts'
import { structureChanged } from './item-sheet.tsx'
import type { Tab } from './search.ts'

/** A file that was uploaded: as structure where it holds one, unless the person says that these are products; as products otherwise. */
export function StructureOrProducts({ file, onAnother, children }: { file: FileView; onAnother: () => void; children: ReactNode }) {
  const [isProducts, setIsProducts] = useState(false)
  const { data, error } = useQuery({
    ...queryOf(lookAtStructureFile, { params: { fileId: file.id } }),
    enabled: file.look !== null,
    staleTime: Infinity,
  })
  if (file.look === null || isProducts || error || data?.look === null) return children
  if (!data) return <FieldsSkeleton fields={3} />
  return <StructureFile file={file} look={data.look} onAnother={onAnother} onProducts={() => setIsProducts(true)} />
}

const TAB_OF: Readonly<Partial<Record<StructureFileLook['kind'], Tab>>> = {
  groups: 'groups',
  families: 'families',
  family_variants: 'families',
  categories: 'categories',
  channels: 'channels',
  locales: 'channels',
  currencies: 'channels',
}

function StructureFile({
  file,
  look,
  onAnother,
  onProducts,
}: {
  file: FileView
  look: StructureFileLook
  onAnother: () => void
  onProducts: () => void
}) {
  const { t, language } = useText()
  const navigate = useNavigate()
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<ApiProblem>()
  const list = (codes: readonly string[]): string => new Intl.ListFormat(language).format(codes)
  const take = async () => {
    setBusy(true)
    setProblem(undefined)
    try {
      const taken = await callApi(importStructureFile, { params: { fileId: file.id } })
      await structureChanged()
      say(t('structure.file.taken', { added: taken.new, changed: taken.changed }))
      const tab = TAB_OF[look.kind]
      void navigate({ to: '/structure', search: tab ? { tab } : {} })
    } catch (error) {
      setProblem(toApiProblem(error))
      setBusy(false)
    }
  }
  const figures = [
    ['rows', look.rows],
    ['new', look.new],
    ['changed', look.changed],
    ['unchanged', look.unchanged],
    ['kept', look.kept],
  ] as const
  return (
    <div className="flex flex-col gap-4">
      <div>
        <p>
          <bdi className="font-medium">{file.name}</bdi>
        </p>
        <h3 className="mt-2 text-section font-semibold">{t(`structure.file.kinds.${look.kind}`)}</h3>
        <p className="max-w-prose text-ink-2">{t('structure.file.what')}</p>
      </div>
      <dl className="grid grid-cols-2 gap-px overflow-hidden rounded-md border border-line bg-line sm:grid-cols-5">
        {figures.map(([name, count]) => (
          <div key={name} className="bg-surface px-3 py-2">
            <dt className="text-table text-ink-2">{t(`structure.file.${name}`)}</dt>
            <dd className="tabular text-section font-semibold">{formatCount(count, language)}</dd>
          </div>
        ))}
      </dl>
      {look.new + look.changed === 0 && <Note meaning="information">{t('structure.file.nothing')}</Note>}
      {look.newCodes.length > 0 && (
        <p className="text-table break-words text-ink-2">{t('structure.file.newCodes', { codes: list(look.newCodes) })}</p>
      )}
      {look.missing.length > 0 && <Note meaning="attention">{t('structure.file.missing', { codes: list(look.missing) })}</Note>}
      {look.problems.length > 0 && (
        <Note meaning="attention">
          <p>{t('structure.file.problems', { count: look.problems.length })}</p>
          <ul className="list-disc ps-5 text-table">
            {look.problems.slice(0, 5).map(({ line, reason }) => (
              <li key={line}>{t('catalogue.import.atLine', { line, reason })}</li>
            ))}
          </ul>
        </Note>
      )}
      {look.changes.length > 0 && <Changes changes={look.changes} />}
      {problem && <ErrorNote problem={problem} />}
      <div className="sticky -bottom-4 -mx-5 -mb-4 flex flex-wrap justify-end gap-2 border-t border-line bg-float px-5 py-3">
        <Button kind="quiet" onClick={onProducts}>
          {t('structure.file.asProducts')}
        </Button>
        <Button onClick={onAnother}>{t('catalogue.import.another')}</Button>
        <Button kind="main" busy={busy} onClick={() => void take()}>
          {t('structure.file.take')}
        </Button>
      </div>
    </div>
  )
}

function Changes({ changes }: { changes: StructureFileLook['changes'] }) {
  const { t } = useText()
  return (
    <div className="flex flex-col gap-2">
      <h3 className="font-semibold">{t('structure.file.changes')}</h3>
      <ScrollBox label={t('structure.file.changes')}>
        <table className="min-w-full text-table">
          <thead className="sticky top-0 bg-sunken">
            <tr>
              {(['code', 'member', 'from', 'to'] as const).map((column) => (
                <th key={column} scope="col" className="px-3 py-1.5 text-start font-medium whitespace-nowrap">
                  {column === 'code' ? t('structure.columns.code') : t(`structure.file.${column}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {changes.map(({ code, member, before, after }) => (
              <tr key={`${code}/${member}`} className="border-t border-line align-top">
                <td className="px-3 py-1.5 font-mono">{code}</td>
                <td className="px-3 py-1.5">{member}</td>
                <td className="max-w-72 px-3 py-1.5 break-words text-ink-2">{before}</td>
                <td className="max-w-72 px-3 py-1.5 break-words">{after}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollBox>
    </div>
  )
}
