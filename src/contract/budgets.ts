import { z } from 'zod'
import { contextName } from './assignments.ts'
import { amount, defineRoute, idOf, instant, money } from './route.ts'

export const BUDGET_PERIODS = ['day', 'week', 'month', 'total'] as const
export const budgetPeriod = z
  .enum(BUDGET_PERIODS)
  .meta({ description: 'In the workspace’s time zone; a week begins on Monday; "total" never begins anew' })
export type BudgetPeriod = z.output<typeof budgetPeriod>

/** Of how much of their limits people are told, unless a budget says otherwise. */
export const NOTICE_PERCENTS = [50, 80, 100] as const

const MOST_COVERED = 100
const some = <Item extends z.ZodType>(item: Item) => z.array(item).min(1).max(MOST_COVERED).optional()

/** Which calls a budget or a rate limit is for. */
export const coversInput = z
  .strictObject({
    connectionIds: some(idOf('connection')),
    contexts: some(contextName),
    memberIds: some(idOf('member')),
    virtualKeyIds: some(idOf('virtual-key')),
  })
  .meta({
    id: 'CoversInput',
    description:
      'The calls that fit every list given here: one of its connections, one of its contexts ... No list: every call of the workspace',
  })
export type CoversInput = z.output<typeof coversInput>

/** A name for people; null: the thing is gone. */
const name = z.string().nullable()

export const coversView = z
  .strictObject({
    connections: z.array(z.strictObject({ id: z.uuid(), name })).nullable(),
    contexts: z.array(z.string()).nullable(),
    members: z.array(z.strictObject({ id: z.uuid(), name })).nullable(),
    virtualKeys: z.array(z.strictObject({ id: z.uuid(), name })).nullable(),
  })
  .meta({ id: 'Covers', description: 'The calls that fit every list; null: any' })
export type CoversView = z.output<typeof coversView>

/** What calls count for whose price nobody knows in the budget's currency. */
const ownerPrice = z
  .strictObject({ per: z.enum(['call', 'million_tokens']), amount })
  .meta({ id: 'OwnerPrice', description: 'In the budget’s currency; tokens in and out count alike' })
export type OwnerPriceView = z.output<typeof ownerPrice>

const noticePercents = z
  .array(z.int().min(1).max(100))
  .max(10)
  .meta({ description: 'Owners and admins are told when so much of the limit is used, once a period; empty: never' })

const window = z
  .strictObject({
    startsAt: instant,
    endsAt: instant.nullable().meta({ description: 'When it begins anew; null: never' }),
    spent: money,
    held: money.meta({ description: 'Set aside for calls that are under way' }),
  })
  .meta({ id: 'BudgetWindow' })
export type BudgetWindowView = z.output<typeof window>

export const budgetView = z
  .strictObject({
    id: idOf('budget'),
    name: z.string(),
    covers: coversView,
    limit: money,
    period: budgetPeriod,
    ownerPrice: ownerPrice.nullable().meta({ description: 'null: calls of unknown price are refused' }),
    noticePercents,
    window: window.meta({ description: 'The period that runs now' }),
    addedAt: instant.meta({ description: 'Calls made before are not counted' }),
  })
  .meta({ id: 'Budget' })
export type BudgetView = z.output<typeof budgetView>

const budgetName = z.string().trim().min(1).max(100)
const budgetParams = z.strictObject({ budgetId: idOf('budget') })

export const listBudgets = defineRoute({
  id: 'budgets.list',
  method: 'get',
  path: '/api/v1/budgets',
  summary: 'The workspace’s budgets with what the period that runs now has used',
  needs: 'budgets.read',
  answer: z.strictObject({
    items: z.array(budgetView),
    timeZone: z.string(),
    currency: z.string().meta({ description: 'The workspace’s own' }),
  }),
})

export const readBudget = defineRoute({
  id: 'budgets.read',
  method: 'get',
  path: '/api/v1/budgets/{budgetId}',
  summary: 'One budget with its periods, the newest first',
  needs: 'budgets.read',
  params: budgetParams,
  answer: budgetView.extend({
    windows: z.array(window).meta({ description: 'Periods in which it covered a call, and the one that runs now; at most 60' }),
  }),
})

export const addBudget = defineRoute({
  id: 'budgets.add',
  method: 'post',
  path: '/api/v1/budgets',
  summary: 'Adds a budget: calls that it covers are refused once they could go beyond it',
  needs: 'budgets.write',
  body: z.strictObject({
    name: budgetName,
    covers: coversInput.default({}),
    limit: amount,
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/)
      .optional()
      .meta({
        description: 'ISO 4217; absent: the workspace’s own. Nothing is converted: calls priced in another one are of unknown price here',
      }),
    period: budgetPeriod,
    ownerPrice: ownerPrice.nullable().default(null),
    noticePercents: noticePercents.default([...NOTICE_PERCENTS]),
  }),
  answer: budgetView,
})

export const changeBudget = defineRoute({
  id: 'budgets.change',
  method: 'patch',
  path: '/api/v1/budgets/{budgetId}',
  summary: 'Changes a budget; what it has used stays. Its period and currency are for good',
  needs: 'budgets.write',
  params: budgetParams,
  body: z.strictObject({
    name: budgetName.optional(),
    covers: coversInput.optional(),
    limit: amount.optional(),
    ownerPrice: ownerPrice.nullable().optional(),
    noticePercents: noticePercents.optional(),
  }),
  answer: budgetView,
})

export const removeBudget = defineRoute({
  id: 'budgets.remove',
  method: 'delete',
  path: '/api/v1/budgets/{budgetId}',
  summary: 'Removes a budget: from now on it stops nothing',
  needs: 'budgets.write',
  params: budgetParams,
})

export const restoreBudget = defineRoute({
  id: 'budgets.restore',
  method: 'post',
  path: '/api/v1/budgets/{budgetId}/restore',
  summary: 'Puts back a budget that was removed, with what it had used; calls made meanwhile are not counted',
  needs: 'budgets.write',
  params: budgetParams,
  answer: budgetView,
})

// ---- rate limits -----------------------------------------------------------------------------------------------------------

export const RATE_LIMIT_UNITS = ['requests', 'tokens'] as const

const count = z.int().min(1).max(1_000_000_000)

export const rateLimitView = z
  .strictObject({
    id: idOf('rateLimit'),
    name: z.string(),
    covers: coversView,
    counts: z.enum(RATE_LIMIT_UNITS),
    perMinute: count,
    burst: count.meta({ description: 'How much may come at once: no minute lets more than this and `perMinute` together through' }),
    available: z.int().min(0).meta({ description: 'How much of the burst there is at this moment' }),
    addedAt: instant,
  })
  .meta({ id: 'RateLimit' })
export type RateLimitView = z.output<typeof rateLimitView>

const rateLimitParams = z.strictObject({ rateLimitId: idOf('rateLimit') })

export const listRateLimits = defineRoute({
  id: 'rateLimits.list',
  method: 'get',
  path: '/api/v1/rate-limits',
  summary: 'The workspace’s rate limits, and how much of each there is now',
  needs: 'budgets.read',
  answer: z.strictObject({ items: z.array(rateLimitView) }),
})

export const addRateLimit = defineRoute({
  id: 'rateLimits.add',
  method: 'post',
  path: '/api/v1/rate-limits',
  summary: 'Adds a rate limit: requests or tokens per minute',
  needs: 'budgets.write',
  body: z.strictObject({
    name: budgetName,
    covers: coversInput.default({}),
    counts: z.enum(RATE_LIMIT_UNITS),
    perMinute: count,
    burst: count.optional().meta({ description: 'Absent: as much as a minute lets through' }),
  }),
  answer: rateLimitView,
})

export const changeRateLimit = defineRoute({
  id: 'rateLimits.change',
  method: 'patch',
  path: '/api/v1/rate-limits/{rateLimitId}',
  summary: 'Changes a rate limit; what was taken from it stays taken',
  needs: 'budgets.write',
  params: rateLimitParams,
  body: z.strictObject({
    name: budgetName.optional(),
    covers: coversInput.optional(),
    perMinute: count.optional(),
    burst: count.optional(),
  }),
  answer: rateLimitView,
})

export const removeRateLimit = defineRoute({
  id: 'rateLimits.remove',
  method: 'delete',
  path: '/api/v1/rate-limits/{rateLimitId}',
  summary: 'Removes a rate limit: from now on it stops nothing',
  needs: 'budgets.write',
  params: rateLimitParams,
})

export const restoreRateLimit = defineRoute({
  id: 'rateLimits.restore',
  method: 'post',
  path: '/api/v1/rate-limits/{rateLimitId}/restore',
  summary: 'Puts back a rate limit that was removed',
  needs: 'budgets.write',
  params: rateLimitParams,
  answer: rateLimitView,
})
