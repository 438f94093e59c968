/** A key as it stands on the keyboard. "mod" is ⌘ on a Mac and Ctrl elsewhere. */
export const keyName = (key: string): string => {
  if (key === 'mod') return /mac/i.test(navigator.platform) ? '⌘' : 'Ctrl'
  if (key.length === 1) return key.toUpperCase()
  return { escape: 'Esc', enter: '↵', arrowup: '↑', arrowdown: '↓', arrowleft: '←', arrowright: '→' }[key] ?? key
}

/** "mod+k" as two keys. Hidden where there is no keyboard. */
export function KeyHint({ keys }: { keys: string }) {
  return (
    <span aria-hidden className="ms-1 inline-flex gap-0.5 coarse:hidden" dir="ltr">
      {keys.split('+').map((key) => (
        <kbd key={key} className="min-w-5 rounded-[4px] border border-line bg-sunken px-1 text-center font-sans text-small text-ink-2">
          {keyName(key)}
        </kbd>
      ))}
    </span>
  )
}
