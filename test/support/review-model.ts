/**
 * A catalogue's values as a person would keep them on paper, for one attribute: what each source says, what was written over
 * it, and what became of every change. Written without looking at the product's code: products are compared with it.
 */
export type Kind = 'imported' | 'person' | 'generated'
export type State = 'proposed' | 'accepted' | 'rejected' | 'undone' | 'superseded'
export type Value = string | null
export type Locale = 'en' | null

export interface ModelChange {
  id: string // of the row in the database; '' until it is known
  readonly product: number
  readonly locale: Locale
  readonly value: Value
  readonly kind: Kind
  readonly run: string | null
  readonly byPerson: boolean // made by a person at that moment, never a proposal
  readonly inert: boolean // accepted, but nothing was to decide: it was never laid over
  state: State
  replaced: ModelChange | null
  decision: string | null
  before: { of: string; state: State } | null
}

export interface Model {
  readonly imported: Value[] // by product
  readonly written: Map<string, ModelChange>[] // by product, then by locale
  readonly changes: ModelChange[]
}

export const newModel = (imported: readonly Value[]): Model => ({
  imported: [...imported],
  written: imported.map(() => new Map<string, ModelChange>()),
  changes: [],
})

const keyOf = (locale: Locale): string => locale ?? ''

const speaks = (change: ModelChange | undefined): change is ModelChange =>
  change !== undefined && (change.kind !== 'generated' || change.value !== null)

/** What a product says in a locale, and the change that it stands on. */
export function standing(model: Model, product: number, locale: Locale): { value: Value; kind: Kind; change: ModelChange | null } {
  const found = [keyOf(locale), ''].map((key) => model.written[product]!.get(key)).find(speaks)
  if (!found) return { value: model.imported[product]!, kind: 'imported', change: null }
  return { value: found.kind === 'imported' ? model.imported[product]! : found.value, kind: found.kind, change: found }
}

const ofPerson = (model: Model, product: number): boolean => [...model.written[product]!.values()].some(({ kind }) => kind === 'person')

function add(
  model: Model,
  change: Pick<ModelChange, 'product' | 'locale' | 'value' | 'kind' | 'state'> & Partial<ModelChange>,
): ModelChange {
  const made: ModelChange = { id: '', run: null, byPerson: false, inert: false, replaced: null, decision: null, before: null, ...change }
  model.changes.push(made)
  return made
}

function lay(model: Model, change: ModelChange): void {
  change.state = 'accepted'
  change.before = null
  change.replaced = model.written[change.product]!.get(keyOf(change.locale)) ?? null
  model.written[change.product]!.set(keyOf(change.locale), change)
}

export const open = (model: Model): ModelChange[] => model.changes.filter(({ state }) => state === 'proposed')

const samePlace = (a: ModelChange, b: { product: number; locale: Locale }): boolean => a.product === b.product && a.locale === b.locale

function supersede(model: Model, place: { product: number; locale: Locale }, imported: boolean): void {
  for (const change of open(model)) if (samePlace(change, place) && (change.kind === 'imported') === imported) change.state = 'superseded'
}

/** A file that comes again: a cell that Latchkey ever wrote there is not news. */
export function bringFile(model: Model, values: readonly Value[]): void {
  for (const [product, given] of values.entries()) {
    const own = model.changes.some(
      (change) =>
        change.product === product &&
        change.kind !== 'imported' &&
        change.value !== null &&
        change.value === given &&
        (change.state === 'accepted' || change.before?.state === 'accepted'),
    )
    const value = own ? model.imported[product]! : given
    if (value === model.imported[product]) continue
    model.imported[product] = value
    for (const person of [...model.written[product]!.values()].filter(({ kind }) => kind === 'person')) {
      supersede(model, person, true)
      if (value !== null && value !== person.value)
        add(model, { product, locale: person.locale, value, kind: 'imported', state: 'proposed' })
    }
  }
}

export function generate(
  model: Model,
  { product, value, state, run, id }: { product: number; value: Value; state: 'accepted' | 'proposed'; run: string; id: string },
): void {
  const place = { product, locale: 'en' as const }
  const now = standing(model, product, 'en')
  const inert =
    now.kind === 'person' ? value === null || value === now.value : state === 'proposed' && value === null && now.kind === 'imported'
  const guarded = ofPerson(model, product)
  supersede(model, place, false)
  const made = add(model, { ...place, value, kind: 'generated', state: inert ? 'accepted' : guarded ? 'proposed' : state, run, id, inert })
  if (made.state === 'accepted' && !inert) lay(model, made)
}

export function write(
  model: Model,
  { product, locale, value, decision, id }: { product: number; locale: Locale; value: Value; decision: string; id: string },
): void {
  lay(model, add(model, { product, locale, value, kind: 'person', state: 'accepted', byPerson: true, decision, id }))
}

export function restore(
  model: Model,
  { product, locale, decision, id }: { product: number; locale: Locale; decision: string; id: string },
): void {
  lay(
    model,
    add(model, { product, locale, value: model.imported[product]!, kind: 'imported', state: 'accepted', byPerson: true, decision, id }),
  )
}

export function accept(model: Model, change: ModelChange, decision: string): void {
  change.decision = decision
  lay(model, change)
}

export function close(change: ModelChange, state: 'rejected' | 'superseded', decision: string): void {
  Object.assign(change, { state, decision, before: null })
}

export function acceptAll(model: Model, { overPersons, decision }: { overPersons: boolean; decision: string }): void {
  const newest = new Map(open(model).map((change) => [`${change.product}${keyOf(change.locale)}`, change]))
  const taken = [...newest.values()].filter(({ product }) => overPersons || !ofPerson(model, product))
  for (const change of taken) accept(model, change, decision)
}

const concerns = (change: ModelChange, of: string): boolean => change.run === of || change.decision === of

/** @returns how many were taken back. */
export function undo(model: Model, of: string, whole: 'run' | 'decision'): number {
  let undone = 0
  for (let more = true; more;) {
    more = false
    for (const change of model.changes.filter((one) => (whole === 'run' ? one.run : one.decision) === of)) {
      if (change.before !== null || change.inert) continue
      const written = model.written[change.product]!
      if (change.state === 'accepted') {
        if (written.get(keyOf(change.locale)) !== change) continue
        if (change.replaced) written.set(keyOf(change.locale), change.replaced)
        else written.delete(keyOf(change.locale))
      } else if (whole === 'run' || (change.state !== 'rejected' && change.state !== 'superseded')) continue
      change.before = { of, state: change.state }
      const another = open(model).some((one) => samePlace(one, change) && (one.kind === 'imported') === (change.kind === 'imported'))
      change.state = whole === 'run' || change.byPerson ? 'undone' : another ? 'superseded' : 'proposed'
      undone += 1
      more = true
    }
  }
  return undone
}

/** @returns how many stand again. */
export function redo(model: Model, of: string): number {
  let again = 0
  for (let more = true; more;) {
    more = false
    for (const change of model.changes.filter((one) => concerns(one, of) && one.before?.of === of)) {
      if (change.before!.state === 'accepted') {
        const under = model.written[change.product]!.get(keyOf(change.locale)) ?? null
        const now = standing(model, change.product, change.locale)
        if (under !== change.replaced || (now.kind === 'person' && now.change !== change.replaced)) continue
        lay(model, change)
      } else {
        change.state = change.before!.state
        change.before = null
      }
      again += 1
      more = true
    }
  }
  return again
}
