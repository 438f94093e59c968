/** What this browser remembers between visits. A browser that refuses storage forgets, and nothing else changes. */
export function kept(name: string): string | undefined {
  try {
    return localStorage.getItem(`latchkey.${name}`) ?? undefined
  } catch {
    return undefined
  }
}

export function keep(name: string, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(`latchkey.${name}`)
    else localStorage.setItem(`latchkey.${name}`, value)
  } catch {
    // a private window without storage: the choice holds for this visit
  }
}
