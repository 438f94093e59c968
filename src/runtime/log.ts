import { closeSync, openSync } from 'node:fs'
import { pino } from 'pino'
import { AppError } from '../base/errors.ts'
import type { LogLevel } from './config.ts'
import { scrub } from './scrub.ts'

/**
 * What a line of the log may hold beside its message. The names are a list that allows: any other field is left out, so that
 * a request, a header set or an answer cannot get in by being passed along. No field holds a prompt, an answer or a secret.
 */
export interface LogFields {
  readonly requestId?: string
  readonly callId?: string
  readonly runId?: string
  readonly workspaceId?: string
  readonly connectionId?: string
  readonly provider?: string
  readonly model?: string
  readonly context?: string
  readonly origin?: string
  readonly host?: string
  readonly engine?: string
  readonly reason?: string
  /** A provider's own words about a failure: at most 200 characters, scrubbed of the key, nothing of what it was sent. */
  readonly excerpt?: string
  readonly outcome?: string
  readonly code?: string
  readonly status?: number
  readonly attempt?: number
  readonly position?: number
  readonly count?: number
  readonly bytes?: number
  readonly durationMs?: number
  readonly waitMs?: number
  readonly signal?: string
  /** Anything thrown: its name, code, scrubbed message and stack; of its causes only names and codes. */
  readonly error?: unknown
}

const FIELD_NAMES: Record<keyof LogFields, true> = {
  requestId: true,
  callId: true,
  runId: true,
  workspaceId: true,
  connectionId: true,
  provider: true,
  model: true,
  context: true,
  origin: true,
  host: true,
  engine: true,
  reason: true,
  excerpt: true,
  outcome: true,
  code: true,
  status: true,
  attempt: true,
  position: true,
  count: true,
  bytes: true,
  durationMs: true,
  waitMs: true,
  signal: true,
  error: true,
}

/**
 * Structured log: JSON lines, apart from what the command prints for people. Fields come first, as pino has it. Messages are
 * fixed texts; what varies is a field.
 */
export interface Log {
  debug(fields: LogFields, message: string): void
  info(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  error(fields: LogFields, message: string): void
  /** A log whose every line carries these fields: the request id, the call id. */
  with(fields: LogFields): Log
}

/** Where lines go: standard error, a file (appended to, mode 0600), or a function, for tests. */
export type LogTarget = 'stderr' | { readonly file: string } | { readonly write: (line: string) => void }

/** A log that writes each line before the call returns, so that a crash loses none. */
export function createLog({ level, target = 'stderr' }: { level: LogLevel; target?: LogTarget }): Log {
  const logger = pino(
    { level, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } },
    openTarget(target),
  )
  return wrap(logger, {})
}

function openTarget(target: LogTarget): pino.DestinationStream {
  if (target === 'stderr') return pino.destination({ dest: 2, sync: true })
  if ('write' in target) return target
  closeSync(openSync(target.file, 'a', 0o600)) // pino would create it readable for everyone
  return pino.destination({ dest: target.file, sync: true, append: true })
}

function wrap(logger: pino.Logger, bound: LogFields): Log {
  const write = (level: Exclude<LogLevel, 'silent'>, fields: LogFields, message: string): void => {
    if (logger.isLevelEnabled(level)) logger[level](allowed({ ...bound, ...fields }), scrub(message))
  }
  return {
    debug: (fields, message) => write('debug', fields, message),
    info: (fields, message) => write('info', fields, message),
    warn: (fields, message) => write('warn', fields, message),
    error: (fields, message) => write('error', fields, message),
    with: (fields) => wrap(logger, { ...bound, ...fields }),
  }
}

function allowed(fields: LogFields): Record<string, unknown> {
  const line: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(fields)) {
    if (name === 'error') line['error'] = describeError(value)
    else if (!Object.hasOwn(FIELD_NAMES, name)) continue
    else if (typeof value === 'string') line[name] = scrub(value)
    else if (typeof value === 'number') line[name] = value
  }
  return line
}

/** A thrown value as the log shows it. */
export interface DescribedError {
  readonly name: string
  readonly code?: string
  readonly message?: string
  /** Where it was thrown: the frames alone, because a stack begins with the message. */
  readonly stack?: readonly string[]
  readonly causes?: readonly { readonly name: string; readonly code?: string }[]
}

const LONGEST_MESSAGE = 1000
const MOST_FRAMES = 12
const MOST_CAUSES = 5

/** Describes anything thrown without what it may carry: headers, bodies, other properties. Never throws itself. */
export function describeError(thrown: unknown): DescribedError {
  try {
    if (typeof thrown === 'string') return { name: 'string', message: tidy(thrown) }
    if (!(thrown instanceof Error)) return { name: nameOf(thrown) }
    const frames = (thrown.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
    const causes = causesOf(thrown)
    return {
      ...nameAndCode(thrown),
      message: tidy(thrown instanceof AppError ? thrown.detail : thrown.message),
      stack: frames.slice(0, MOST_FRAMES).map((frame) => tidy(frame.trim())),
      ...(causes.length > 0 ? { causes } : {}),
    }
  } catch {
    return { name: 'unreadable' } // a hostile getter
  }
}

function causesOf(error: Error): { name: string; code?: string }[] {
  const causes: { name: string; code?: string }[] = []
  let cause = error.cause
  while (cause !== undefined && cause !== null && causes.length < MOST_CAUSES) {
    causes.push(nameAndCode(cause))
    cause = cause instanceof Error ? cause.cause : undefined
  }
  return causes
}

function nameAndCode(value: unknown): { name: string; code?: string } {
  const code = typeof value === 'object' && value !== null && 'code' in value ? value.code : undefined
  const isCode = typeof code === 'string' && /^[\w.-]{1,60}$/.test(code)
  return { name: nameOf(value), ...(isCode ? { code: scrub(code) } : {}) }
}

function nameOf(value: unknown): string {
  if (value instanceof Error) return tidy(value.name).slice(0, 60)
  return typeof value === 'object' && value !== null ? 'object' : typeof value
}

function tidy(text: string): string {
  return scrub(text.slice(0, 4 * LONGEST_MESSAGE)).slice(0, LONGEST_MESSAGE) // a key cut off by the first slice falls to the second
}
