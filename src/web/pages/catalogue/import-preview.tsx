import { type ReactNode, useState } from 'react'
import {
  type FileLookView,
  type FileView,
  lookAtFile,
  type ReadingChoices,
  type SourceView,
  startImport,
} from '../../../contract/catalogue.ts'
import { callApi } from '../../api/call.ts'
import { toApiProblem, type ApiProblem } from '../../api/problem.ts'
import { invalidate } from '../../api/query.ts'
import { listSources } from '../../../contract/catalogue.ts'
import { Note } from '../../components/badge.tsx'
import { Button } from '../../components/button.tsx'
import { ErrorNote } from '../../components/error-state.tsx'
import { TextInput } from '../../components/field.tsx'
import { Select } from '../../components/select.tsx'
import { ScrollBox } from '../../components/scroll-box.tsx'
import { useText } from '../../messages/text.tsx'
import { formatBytes } from '../../support/numbers.ts'
import type { SourceMapping } from '../../../contract/mapping.ts'
import { ColumnRoles, type Roles } from './column-roles.tsx'
import { attributesOf, FileMeaning } from './file-meaning.tsx'
import { ImportChanges } from './import-changes.tsx'

const DELIMITERS = [',', ';', '\t', '|', ':'] as const
const DELIMITER_NAMES = { ',': 'comma', ';': 'semicolon', '\t': 'tab', '|': 'pipe', ':': 'colon' } as const
const ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252', 'windows-1250', 'iso-8859-1', 'iso-8859-15', 'macintosh'] as const
const BY_ROW = '\n' // no column is called so: names are trimmed
const OWN_SOURCE = 'own'
const UNREADABLE = ['file.unreadable', 'file.refused'] // however it is looked at

/** How a file is understood, its first rows, and what the person says otherwise; then it is imported. */
export function ImportPreview({
  file,
  sources,
  onFile,
  onAnother,
  onImport,
}: {
  file: FileView
  sources: readonly SourceView[]
  onFile: (file: FileView) => void
  /** Back to choosing a file. */
  onAnother: () => void
  onImport: (id: string) => void
}) {
  const { t, language } = useText()
  const [choices, setChoices] = useState<ReadingChoices>({})
  const [roles, setRoles] = useState<Roles>()
  const [meaning, setMeaning] = useState<SourceMapping | null>()
  const [shows, setShows] = useState<'file' | 'changes'>('file')
  const [target, setTarget] = useState(OWN_SOURCE)
  const [busy, setBusy] = useState<'look' | 'import'>()
  const [problem, setProblem] = useState<ApiProblem>()
  const { look } = file
  const chosenSource = sources.find(({ id }) => id === target)
  const updated = chosenSource ?? file.source
  const mapping = meaning === undefined ? (look?.mapping ?? null) : meaning
  const attributes = look ? attributesOf(look.columns, mapping) : []
  const current = fitting(roles ?? updated?.columns ?? look?.guessed, attributes)
  const order = {
    reading: choices,
    ...(chosenSource ? { sourceId: chosenSource.id } : {}),
    ...(meaning === undefined ? {} : { mapping: meaning }),
  }

  const lookAgain = async (next: ReadingChoices, sourceId = chosenSource?.id) => {
    setChoices(next)
    setMeaning(undefined) // columns may be others now
    setBusy('look')
    setProblem(undefined)
    try {
      onFile(await callApi(lookAtFile, { params: { fileId: file.id }, body: { ...next, ...(sourceId === undefined ? {} : { sourceId }) } }))
    } catch (error) {
      setProblem(toApiProblem(error))
    } finally {
      setBusy(undefined)
    }
  }
  const begin = async () => {
    setBusy('import')
    setProblem(undefined)
    try {
      const body = { fileId: file.id, ...order, ...(current ? { columns: current } : {}) }
      const started = await callApi(startImport, { body })
      await invalidate(listSources)
      onImport(started.id)
    } catch (error) {
      setProblem(toApiProblem(error))
      setBusy(undefined)
    }
  }
  if (shows === 'changes' && updated) {
    return (
      <div className="flex flex-col gap-5">
        <ImportChanges args={{ params: { fileId: file.id }, body: order }} label={updated.label} />
        {problem && <ErrorNote problem={problem} />}
        <Steps>
          <Button onClick={() => setShows('file')}>{t('mapping.changes.back')}</Button>
          <Button kind="main" busy={busy !== undefined} onClick={() => void begin()}>
            {t('catalogue.import.update', { label: updated.label })}
          </Button>
        </Steps>
      </div>
    )
  }
  return (
    <div className="flex flex-col gap-5">
      <p>
        <bdi className="font-medium">{file.name}</bdi> <span className="tabular text-ink-2">{formatBytes(file.bytes, language)}</span>
      </p>
      {file.problem && (
        <Note meaning="failing">
          <p>{file.problem.detail}</p>
          <a className="link font-mono text-small" href={`/docs/errors/${file.problem.code}`} target="_blank" rel="noreferrer">
            {file.problem.code}
          </a>
        </Note>
      )}
      {!UNREADABLE.includes(file.problem?.code ?? '') && (
        <Reading look={look} choices={choices} onChange={(next) => void lookAgain(next)} />
      )}
      {look && current && (
        <>
          <FileMeaning look={look} mapping={mapping} onChange={setMeaning} />
          <ColumnRoles columns={attributes} roles={current} onChange={setRoles} />
          {(sources.length > 0 || file.source) && (
            <div className="max-w-sm">
              <Select
                label={t('catalogue.import.into')}
                help={file.source && target === OWN_SOURCE ? t('catalogue.import.sameName', { label: file.source.label }) : undefined}
                value={target}
                onChange={(next) => {
                  setTarget(next)
                  void lookAgain(choices, next === OWN_SOURCE ? undefined : next)
                }}
                options={[
                  { value: OWN_SOURCE, label: file.source ? file.source.label : t('catalogue.import.newSource', { name: file.name }) },
                  ...sources
                    .filter(({ id, kind }) => kind !== 'command' && id !== file.source?.id)
                    .map(({ id, label }) => ({ value: id, label })),
                ]}
              />
            </div>
          )}
          <FirstRows look={look} />
        </>
      )}
      {problem && <ErrorNote problem={problem} />}
      <Steps>
        <Button kind={look ? 'plain' : 'main'} onClick={onAnother}>
          {t('catalogue.import.another')}
        </Button>
        {look && (
          <Button kind="main" busy={busy !== undefined} onClick={() => (updated ? setShows('changes') : void begin())}>
            {updated ? t('mapping.changes.see') : t('catalogue.import.begin')}
          </Button>
        )}
      </Steps>
    </div>
  )
}

/** What leads on, always in view. */
function Steps({ children }: { children: ReactNode }) {
  return (
    <div className="sticky -bottom-4 -mx-5 -mb-4 flex flex-wrap justify-end gap-2 border-t border-line bg-float px-5 py-3">{children}</div>
  )
}

/** Roles, without attributes that the columns no longer are. */
function fitting(roles: Roles | undefined, attributes: readonly string[]): Roles | undefined {
  const there = (name: string | null): string | null => (name !== null && attributes.includes(name) ? name : null)
  return roles && { name: there(roles.name), family: there(roles.family), picture: there(roles.picture) }
}

/** Encoding, delimiter, sheet and identifier: as found, or as the person says. */
function Reading({
  look,
  choices,
  onChange,
}: {
  look: FileLookView | null
  choices: ReadingChoices
  onChange: (choices: ReadingChoices) => void
}) {
  const { t } = useText()
  const identifier =
    typeof choices.identifier === 'string' ? choices.identifier : choices.identifier ? BY_ROW : (look?.identifier ?? BY_ROW)
  const encoding = choices.encoding ?? look?.encoding ?? null
  const isWorkbook = look ? look.kind === 'xlsx' : choices.sheet !== undefined || choices.headerRow !== undefined
  const isDelimited = look ? look.kind === 'delimited' : !isWorkbook
  return (
    <section aria-label={t('catalogue.import.reading')} className="flex flex-col gap-3">
      <div className="grid gap-3 sm:grid-cols-3">
        {look?.sheet && (
          <Select
            label={t('catalogue.import.sheet')}
            value={look.sheet.name}
            onChange={(sheet) => onChange({ sheet })}
            options={look.sheet.names.map((value) => ({ value, label: value }))}
          />
        )}
        {isWorkbook && (
          <HeaderRow
            key={look?.sheet?.headerRow}
            row={choices.headerRow ?? look?.sheet?.headerRow ?? 1}
            onChange={(headerRow) => onChange({ ...choices, headerRow })}
          />
        )}
        {isDelimited && (
          <Select
            label={t('catalogue.import.delimiter')}
            value={choices.delimiter ?? look?.delimiter ?? null}
            onChange={(delimiter) => onChange({ ...choices, delimiter })}
            options={DELIMITERS.map((value) => ({ value, label: t(`catalogue.delimiters.${DELIMITER_NAMES[value]}`) }))}
          />
        )}
        {!isWorkbook && (
          <Select
            label={t('catalogue.import.encoding')}
            value={encoding}
            onChange={(next) => onChange({ ...choices, encoding: next })}
            options={[...new Set([...(encoding ? [encoding] : []), ...ENCODINGS])].map((value) => ({ value, label: value.toUpperCase() }))}
          />
        )}
        {look && (
          <Select
            label={t('catalogue.import.identifier')}
            value={identifier}
            onChange={(next) => onChange({ ...choices, identifier: next === BY_ROW ? { rowNumber: true } : next })}
            options={[...look.columns.map((value) => ({ value, label: value })), { value: BY_ROW, label: t('catalogue.import.byRow') }]}
          />
        )}
      </div>
      {look && (
        <details>
          <summary className="text-ink-2">{t('catalogue.import.why')}</summary>
          <ul className="mt-1 list-disc ps-5 text-table text-ink-2">
            {look.reasons.map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        </details>
      )}
    </section>
  )
}

/** A number that is sent when the person leaves the field: each look takes the file apart once more. */
function HeaderRow({ row, onChange }: { row: number; onChange: (row: number) => void }) {
  const { t } = useText()
  const [draft, setDraft] = useState(String(row))
  const commit = () => {
    const next = Number(draft)
    if (Number.isInteger(next) && next >= 1 && next !== row) onChange(next)
    else setDraft(String(row))
  }
  return (
    <TextInput
      label={t('catalogue.import.headerRow')}
      inputMode="numeric"
      value={draft}
      onChange={(event) => setDraft(event.currentTarget.value)}
      onBlur={commit}
      onKeyDown={(event) => event.key === 'Enter' && commit()}
    />
  )
}

function FirstRows({ look }: { look: FileLookView }) {
  const { t } = useText()
  return (
    <div className="flex flex-col gap-2">
      <h3 className="font-semibold">{t('catalogue.import.firstRows')}</h3>
      {look.problems.length > 0 && (
        <Note meaning="attention">
          <p>{t('catalogue.import.problems', { count: look.problems.length })}</p>
          <ul className="list-disc ps-5 text-table">
            {look.problems.slice(0, 5).map(({ line, reason }) => (
              <li key={line}>{t('catalogue.import.atLine', { line, reason })}</li>
            ))}
          </ul>
        </Note>
      )}
      <ScrollBox label={t('catalogue.import.firstRows')}>
        <table className="min-w-full text-table">
          <thead className="sticky top-0 bg-sunken">
            <tr>
              {look.columns.map((column) => (
                <th key={column} scope="col" className="px-3 py-1.5 text-start font-medium whitespace-nowrap">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {look.rows.map(({ identifier, values }) => (
              <tr key={identifier} className="border-t border-line">
                {look.columns.map((column) => (
                  <td key={column} className="max-w-72 truncate px-3 py-1.5" dir="auto">
                    {values[column]}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollBox>
    </div>
  )
}
