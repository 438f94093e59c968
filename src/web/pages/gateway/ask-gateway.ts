import type { MoneyView } from '../../../contract/route.ts'

/** What came of a request to the gateway, from its answer and its receipt. */
export type GatewayReply =
  | {
      readonly kind: 'answered'
      readonly text: string
      readonly callId: string | null
      readonly connection: string | null
      readonly model: string | null
      readonly cost: MoneyView | null // null: unknown
    }
  | { readonly kind: 'refused'; readonly status: number; readonly message: string }
  | { readonly kind: 'offline' }

/** Posts to the gateway as a program does: with a virtual key and nothing of the person's session. Never throws. */
export async function askGateway({ path, body, token }: { path: string; body: string; token: string }): Promise<GatewayReply> {
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body,
      credentials: 'omit',
      redirect: 'error',
    })
    const answer: unknown = await response.json().catch(() => undefined)
    if (!response.ok) return { kind: 'refused', status: response.status, message: textAt(answer, 'error', 'message') }
    const header = (name: string): string | null => response.headers.get(`x-latchkey-${name}`)
    const [amount, currency] = [header('cost'), header('currency')]
    return {
      kind: 'answered',
      text: textOf(answer),
      callId: header('call-id'),
      connection: header('connection'),
      model: header('model'),
      cost: amount !== null && currency !== null ? { amount, currency } : null,
    }
  } catch {
    return { kind: 'offline' }
  }
}

/** The text of an answer of chat completions, messages or responses. */
function textOf(answer: unknown): string {
  const parts = listAt(answer, 'content') ?? (listAt(answer, 'output') ?? []).flatMap((item) => listAt(item, 'content') ?? [])
  return textAt(answer, 'choices', '0', 'message', 'content') || parts.map((part) => textAt(part, 'text')).join('')
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (node, name) => (typeof node === 'object' && node !== null ? (node as Record<string, unknown>)[name] : undefined),
    value,
  )
}

const textAt = (value: unknown, ...path: string[]): string => {
  const found = at(value, path)
  return typeof found === 'string' ? found : ''
}

const listAt = (value: unknown, ...path: string[]): readonly unknown[] | undefined => {
  const found = at(value, path)
  return Array.isArray(found) ? found : undefined
}
