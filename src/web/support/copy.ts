import { useState } from 'react'

const SHOWN_MS = 2_000

/** Copies a text, and says for a moment that it did. `select` marks what is copied: a page over plain HTTP has no clipboard. */
export function useCopy(select: () => void): { copied: boolean; copy: (text: string) => Promise<void> } {
  const [copied, setCopied] = useState(false)
  const copy = async (text: string): Promise<void> => {
    select()
    if (window.isSecureContext) await navigator.clipboard.writeText(text).catch(() => document.execCommand('copy'))
    else document.execCommand('copy')
    setCopied(true)
    setTimeout(() => setCopied(false), SHOWN_MS)
  }
  return { copied, copy }
}
