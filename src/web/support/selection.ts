/**
 * What is selected in a list that may be longer than what was read of it: these ones, or all that match but for some.
 * The same two forms as the catalogue's `ProductSelection`.
 */
export type Selection =
  | { readonly all: false; readonly ids: ReadonlySet<string> }
  | { readonly all: true; readonly except: ReadonlySet<string> }

export const NOTHING: Selection = { all: false, ids: new Set() }
export const EVERYTHING: Selection = { all: true, except: new Set() }

export const isSelected = (selection: Selection, id: string): boolean => (selection.all ? !selection.except.has(id) : selection.ids.has(id))

export function toggled(selection: Selection, id: string): Selection {
  const set = new Set(selection.all ? selection.except : selection.ids)
  if (!set.delete(id)) set.add(id)
  return selection.all ? { all: true, except: set } : { all: false, ids: set }
}

/** Selects or leaves all the rows between two, as shift and click do. */
export function withRange(selection: Selection, ids: readonly string[], selected: boolean): Selection {
  return ids.reduce((sum, id) => (isSelected(sum, id) === selected ? sum : toggled(sum, id)), selection)
}

/** `total`: how many match; undefined when only the list knows. */
export function countSelected(selection: Selection, total: number | undefined): number | undefined {
  if (!selection.all) return selection.ids.size
  return total === undefined ? undefined : Math.max(0, total - selection.except.size)
}
