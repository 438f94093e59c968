import { FileUp } from 'lucide-react'
import { useRef, useState, type DragEvent } from 'react'
import { type FileView, MOST_FILE_BYTES, uploadFile } from '../../../contract/catalogue.ts'
import { uploadBytes } from '../../api/files.ts'
import { toApiProblem, type ApiProblem } from '../../api/problem.ts'
import { Note } from '../../components/badge.tsx'
import { Button } from '../../components/button.tsx'
import { ErrorNote } from '../../components/error-state.tsx'
import { useText } from '../../messages/text.tsx'
import { cx } from '../../support/cx.ts'
import { formatBytes, formatShare } from '../../support/numbers.ts'

/** What a chooser shows first; what a file is shows in its bytes. */
const KINDS = '.csv,.tsv,.txt,.jsonl,.ndjson,.json,.xlsx,.xlsm,.xml,text/csv,text/tab-separated-values,application/xml,text/xml'

/** A file from the person's computer: dropped, or chosen. */
export function UploadFile({ onFile }: { onFile: (file: FileView) => void }) {
  const { t, language } = useText()
  const input = useRef<HTMLInputElement>(null)
  const [over, setOver] = useState(false)
  const [sending, setSending] = useState<{ name: string; bytes: number; sent: number; stop: AbortController }>()
  const [problem, setProblem] = useState<ApiProblem>()
  const [tooLarge, setTooLarge] = useState(false)

  const send = async (file: File) => {
    setProblem(undefined)
    setTooLarge(file.size > MOST_FILE_BYTES)
    if (file.size > MOST_FILE_BYTES) return
    const stop = new AbortController()
    setSending({ name: file.name, bytes: file.size, sent: 0, stop })
    const onProgress = (sent: number) => setSending((now) => now && { ...now, sent: Math.min(sent, now.bytes) })
    try {
      onFile(await uploadBytes(uploadFile, { query: { name: file.name } }, { file, onProgress, signal: stop.signal }))
    } catch (error) {
      if (!stop.signal.aborted) setProblem(toApiProblem(error))
    } finally {
      setSending(undefined)
    }
  }
  const onDrop = (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    const [file] = event.dataTransfer.files
    if (file && !sending) void send(file)
  }
  return (
    <>
      <div
        onDragOver={(event) => {
          event.preventDefault()
          setOver(true)
        }}
        onDragLeave={() => setOver(false)}
        onDrop={onDrop}
        className={cx(
          'flex flex-col items-center gap-3 rounded-md border border-dashed px-4 py-10 text-center',
          over ? 'border-brass bg-selected' : 'border-line-strong bg-sunken',
        )}
      >
        <FileUp aria-hidden className="size-8 text-ink-3" />
        {sending ? (
          <>
            <p>
              <bdi className="font-medium">{sending.name}</bdi>
            </p>
            <progress
              className="h-2 w-full max-w-sm accent-(--color-brass)"
              aria-label={t('catalogue.upload.sending')}
              max={Math.max(1, sending.bytes)}
              value={sending.sent}
            />
            <p role="status" className="tabular text-ink-2">
              {t('catalogue.upload.sent', {
                sent: formatBytes(sending.sent, language),
                bytes: formatBytes(sending.bytes, language),
                share: formatShare(sending.bytes === 0 ? 1 : sending.sent / sending.bytes, language),
              })}
            </p>
            <Button onClick={() => sending.stop.abort()}>{t('common.cancel')}</Button>
          </>
        ) : (
          <>
            <p>{t('catalogue.upload.drop')}</p>
            <Button kind="main" onClick={() => input.current?.click()}>
              {t('catalogue.upload.choose')}
            </Button>
            <p className="max-w-prose text-table text-ink-2">{t('catalogue.upload.kinds')}</p>
          </>
        )}
      </div>
      <input
        ref={input}
        type="file"
        accept={KINDS}
        className="sr-only"
        tabIndex={-1}
        aria-label={t('catalogue.upload.choose')}
        onChange={(event) => {
          const [file] = event.currentTarget.files ?? []
          event.currentTarget.value = ''
          if (file) void send(file)
        }}
      />
      {tooLarge && (
        <div className="mt-3">
          <Note meaning="failing">{t('catalogue.upload.tooLarge')}</Note>
        </div>
      )}
      {problem && <ErrorNote problem={problem} />}
    </>
  )
}
