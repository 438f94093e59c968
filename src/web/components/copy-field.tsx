import { Check, Copy } from 'lucide-react'
import { useRef } from 'react'
import { useText } from '../messages/text.tsx'
import { useCopy } from '../support/copy.ts'
import { Button } from './button.tsx'

/** Something to take along: a link, a token. Selected on focus, copied by its button. */
export function CopyField({ label, value }: { label: string; value: string }) {
  const field = useRef<HTMLInputElement>(null)
  const { copied, copy } = useCopy(() => field.current?.select())
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
      <CopyButton copied={copied} onClick={() => void copy(value)} />
    </div>
  )
}

/** `label`: what it copies, for readers, where a page has many. */
export function CopyButton({
  copied,
  onClick,
  label,
  small = false,
}: {
  copied: boolean
  onClick: () => void
  label?: string
  small?: boolean
}) {
  const { t } = useText()
  return (
    <Button
      small={small}
      {...(label === undefined || copied ? {} : { 'aria-label': label })}
      icon={copied ? <Check aria-hidden className="size-4 text-good" /> : <Copy aria-hidden className="size-4" />}
      onClick={onClick}
    >
      {copied ? t('common.copied') : t('common.copy')}
    </Button>
  )
}
