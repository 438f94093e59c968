import { sql } from 'drizzle-orm'
import type { ProposalGroupView } from '../contract/group-review.ts'
import type { ProposalFilter } from '../contract/review.ts'
import type { Tx } from '../db/database.ts'
import { rowsOf } from '../db/rows.ts'
import { isTold } from './change-kinds.ts'
import { matchingProposals } from './proposals.ts'

const MOST_PARTS = 20

export interface ProposalGroups {
  readonly groups: readonly ProposalGroupView[] // the largest first
  readonly told: { readonly known: number; readonly of: number }
  readonly asOf: Date
}

interface Part {
  readonly attribute: string
  readonly kind: ProposalGroupView['kind']
  readonly words: string | null
  readonly count: number
  readonly flagged: number
}

/** Proposals that match, by attribute and kind of change; those whose kind is not known yet are counted apart. */
export async function groupProposals(tx: Tx, filter: ProposalFilter): Promise<ProposalGroups> {
  const { from, where } = await matchingProposals(tx, filter)
  const parts = await rowsOf<Part>(
    tx,
    sql`select change.attribute, change.change_kind as kind, change.change_words as words, count(*)::integer as count,
        (count(*) filter (where change.flags <> '[]'::jsonb))::integer as flagged
      from ${from} where ${where} and ${isTold} group by 1, 2, 3 order by count desc, words`,
  )
  const [whole] = await rowsOf<{ count: number; now: string }>(
    tx,
    sql`select count(*)::integer as count, now()::text as now from ${from} where ${where}`,
  )
  const groups = [...Map.groupBy(parts, ({ attribute, kind }) => JSON.stringify([attribute, kind])).values()].map((group) => ({
    attribute: group[0]!.attribute,
    kind: group[0]!.kind,
    count: sum(group.map(({ count }) => count)),
    flagged: sum(group.map(({ flagged }) => flagged)),
    words: group.flatMap(({ words, count }) => (words === null ? [] : [{ words, count }])).slice(0, MOST_PARTS),
  }))
  return {
    groups: groups.toSorted((a, b) => b.count - a.count),
    told: { known: sum(groups.map(({ count }) => count)), of: whole!.count },
    asOf: new Date(new Date(whole!.now).getTime() + 1), // the database counts in microseconds
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)
