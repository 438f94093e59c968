import { Check, Copy } from 'lucide-react'
import { useRef, useState } from 'react'
import { useText } from '../messages/text.tsx'
import { Button } from './button.tsx'

const SHOWN_MS = 2_000

/** Something to take along: a link, a token. Selected on focus, copied by its button. */
export function CopyField({ label, value }: { label: string; value: string }) {
  const { t } = useText()
  const [copied, setCopied] = useState(false)
  const field = useRef<HTMLInputElement>(null)
  const copy = async () => {
    field.current?.select()
    await navigator.clipboard.writeText(value).catch(() => document.execCommand('copy')) // a page over plain HTTP has no clipboard
    setCopied(true)
    setTimeout(() => setCopied(false), SHOWN_MS)
  }
  return (
    <div className="flex gap-2">
      <input
        ref={field}
        aria-label={label}
        readOnly
        value={value}
        dir="ltr"
        onFocus={(event) => event.target.select()}
        className="control font-mono text-table"
      />
      <Button
        icon={copied ? <Check aria-hidden className="size-4 text-good" /> : <Copy aria-hidden className="size-4" />}
        onClick={() => void copy()}
      >
        {copied ? t('common.copied') : t('common.copy')}
      </Button>
    </div>
  )
}
