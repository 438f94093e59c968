import { existsSync, realpathSync } from 'node:fs'
import { isIP } from 'node:net'
import { homedir } from 'node:os'
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { z } from 'zod'
import { AppError } from '../base/errors.ts'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** What the person who starts Latchkey decides through the environment. Paths are absolute. */
export interface Config {
  /** Holds the embedded database; kept at mode 0700. */
  readonly dataDir: string
  /** PostgreSQL; absent: the embedded database in `dataDir`. Holds a password: never shown or logged. */
  readonly databaseUrl?: string
  /** Outside `dataDir`, so that a copy of the data is not a copy of the key. */
  readonly masterKeyFile: string
  /** "host:port" as in a URL ("10.0.0.5:11434", "[fd00::1]:8080"), lower case: private destinations that connections may have. */
  readonly privateHosts: ReadonlySet<string>
  readonly logLevel: LogLevel
  /** Where the server listens. A host other than this machine's own needs `publicUrl`. */
  readonly host: string
  readonly port: number
  /** The address that people type, as an origin ("https://latchkey.example.com"); absent: this machine alone. */
  readonly publicUrl?: string
  /** Addresses ("10.0.0.1") and networks ("10.0.0.0/8") whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[]
}

type Environment = Readonly<Record<string, string | undefined>>

/** A variable that is set but empty is a mistake (a secret that was not filled in, a typo in a unit file), not a default. */
const set = z.string().refine((value) => value.trim() !== '', 'is set but empty. Give it a value or unset it.')

const filePath = set
  .refine((value) => !value.includes('\0'), 'holds a NUL character. Give the path of a file or folder.')
  .refine((value) => !/^~(?:[/\\]|$)/.test(value), 'starts with "~", which only a shell replaces. Write the whole path.')
  .transform((value) => resolve(value))

const SCHEMA = z.object({
  LATCHKEY_DATA: filePath.optional(),
  DATABASE_URL: set
    .refine(isPostgresUrl, 'is not the address of a PostgreSQL database. Write it as postgresql://user:password@host:5432/database.')
    .optional(),
  LATCHKEY_MASTER_KEY_FILE: filePath.optional(),
  LATCHKEY_PRIVATE_HOSTS: set.transform(readPrivateHosts).optional(),
  LATCHKEY_PORT: set
    .regex(/^\d{1,5}$/, 'is not a port. Write a number from 0 (any free port) to 65535.')
    .transform(Number)
    .refine((port) => port <= 65_535, 'is not a port. Write a number from 0 (any free port) to 65535.')
    .optional(),
  LATCHKEY_HOST: set
    .refine(
      (host) => host === 'localhost' || isIP(host) !== 0,
      'is not an address to listen on. Write localhost, 0.0.0.0 or another IP address.',
    )
    .optional(),
  LATCHKEY_PUBLIC_URL: set.transform(readPublicUrl).optional(),
  LATCHKEY_TRUSTED_PROXIES: set.transform(readTrustedProxies).optional(),
  LATCHKEY_LOG_LEVEL: set.pipe(z.enum(LOG_LEVELS, `is none of ${LOG_LEVELS.join(', ')}. Use one of them, in lower case.`)).optional(),
})

/**
 * Reads and checks the configuration, with its defaults: see the table in the README. Touches no file beyond resolving links.
 * @throws AppError config.invalid naming each wrong variable and what to do, never repeating a value that can hold a password.
 */
export function loadConfig(environment: Environment): Config {
  const parsed = SCHEMA.safeParse(Object.fromEntries(Object.keys(SCHEMA.shape).map((name) => [name, environment[name]])))
  if (!parsed.success) {
    const mistakes = new Map(parsed.error.issues.toReversed().map((issue) => [String(issue.path[0]), issue.message])) // the first of each
    throw new AppError(
      'config.invalid',
      [...mistakes]
        .toReversed()
        .map(([name, mistake]) => `${name} ${mistake}`)
        .join(' '),
    )
  }
  const variables = parsed.data
  const dataDir = variables.LATCHKEY_DATA ?? defaultDataDir(environment)
  const masterKeyFile = variables.LATCHKEY_MASTER_KEY_FILE ?? defaultMasterKeyFile(environment)
  if (isInside(masterKeyFile, dataDir)) {
    throw new AppError(
      'config.invalid',
      `LATCHKEY_MASTER_KEY_FILE (${masterKeyFile}) is inside the data folder LATCHKEY_DATA (${dataDir}), so that every copy of the data would be a copy of the key. Keep the key in another folder.`,
    )
  }
  const host = variables.LATCHKEY_HOST ?? 'localhost'
  if (!isOwnMachine(host) && variables.LATCHKEY_PUBLIC_URL === undefined) {
    throw new AppError(
      'config.invalid',
      `LATCHKEY_HOST (${host}) lets other machines in, so that LATCHKEY_PUBLIC_URL must say under which address they may: for example https://latchkey.example.com.`,
    )
  }
  return {
    dataDir,
    host,
    port: variables.LATCHKEY_PORT ?? DEFAULT_PORT,
    ...(variables.LATCHKEY_PUBLIC_URL === undefined ? {} : { publicUrl: variables.LATCHKEY_PUBLIC_URL }),
    trustedProxies: variables.LATCHKEY_TRUSTED_PROXIES ?? [],
    ...(variables.DATABASE_URL === undefined ? {} : { databaseUrl: variables.DATABASE_URL }),
    masterKeyFile,
    privateHosts: variables.LATCHKEY_PRIVATE_HOSTS ?? new Set(),
    logLevel: variables.LATCHKEY_LOG_LEVEL ?? 'warn',
  }
}

const DEFAULT_PORT = 4310

const isOwnMachine = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.')

/** An origin: no path, no credentials. Plain http only on this machine, where no one can listen in. */
function readPublicUrl(value: string, context: z.core.$RefinementCtx): string {
  const url = URL.parse(value)
  const plain = url !== null && url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '' && url.password === ''
  if (plain && (url.protocol === 'https:' || (url.protocol === 'http:' && isOwnMachine(url.hostname.replace(/^\[|\]$/g, '')))))
    return url.origin
  context.addIssue({
    code: 'custom',
    message: 'is not the address of this server as people type it. Write it without a path, as https://latchkey.example.com.',
  })
  return z.NEVER
}

function readTrustedProxies(list: string, context: z.core.$RefinementCtx): readonly string[] {
  const entries = list.split(',').map((entry) => entry.trim())
  for (const entry of entries) {
    const [address = '', bits, ...rest] = entry.split('/')
    const version = isIP(address)
    const fits = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
    if (version !== 0 && fits && rest.length === 0) continue
    context.addIssue({
      code: 'custom',
      message: `holds ${JSON.stringify(entry)}, which is no IP address or network. Write 10.0.0.1 or 10.0.0.0/8, several with commas between.`,
    })
  }
  return entries
}

function defaultDataDir(environment: Environment): string {
  if (process.platform === 'win32') return join(environment['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local'), 'Latchkey', 'data')
  return join(xdgFolder(environment, 'XDG_DATA_HOME', join('.local', 'share')), 'latchkey')
}

function defaultMasterKeyFile(environment: Environment): string {
  if (process.platform === 'win32') return join(environment['APPDATA'] ?? join(homedir(), 'AppData', 'Roaming'), 'Latchkey', 'master.key')
  return join(xdgFolder(environment, 'XDG_CONFIG_HOME', '.config'), 'latchkey', 'master.key')
}

/** XDG Base Directory Specification 0.8: a variable that is empty or not absolute is ignored. */
function xdgFolder(environment: Environment, variable: string, underHome: string): string {
  const folder = environment[variable]
  return folder && isAbsolute(folder) ? folder : join(environment['HOME'] || homedir(), underHome)
}

/** Whether `file` lies in `folder` or is it, after links; neither need exist yet. */
function isInside(file: string, folder: string): boolean {
  const path = relative(withoutLinks(folder), withoutLinks(file))
  return path === '' || (path !== '..' && !path.startsWith(`..${sep}`) && !isAbsolute(path))
}

function withoutLinks(path: string): string {
  if (existsSync(path)) return realpathSync(path)
  const parent = dirname(path)
  return parent === path ? path : join(withoutLinks(parent), basename(path))
}

function isPostgresUrl(value: string): boolean {
  const url = URL.parse(value)
  return url !== null && ['postgres:', 'postgresql:'].includes(url.protocol) && !/\s/.test(value)
}

function readPrivateHosts(list: string, context: z.core.$RefinementCtx): ReadonlySet<string> {
  const hosts = new Set<string>()
  for (const entry of list.split(',').map((part) => part.trim())) {
    const host = readPrivateHost(entry)
    if (host) hosts.add(host)
    else {
      context.addIssue({
        code: 'custom',
        message: `holds ${JSON.stringify(entry)}, which is not one host and port. Write host:port, several with commas between: "localhost:11434,10.0.0.5:8080,[fd00::1]:8080".`,
      })
      return hosts
    }
  }
  return hosts
}

/** The entry in lower case, when it is exactly how a URL would write that host, with its port; no pattern, no scheme, no path. */
function readPrivateHost(entry: string): string | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[^\s:/?#@[\]*\\]+):([1-9]\d{0,4})$/i.exec(entry)
  const [, host, port] = match ?? []
  if (!host || Number(port) > 65_535) return undefined
  const lowerCase = host.toLowerCase()
  return URL.parse(`http://${lowerCase}/`)?.hostname === lowerCase ? `${lowerCase}:${port}` : undefined
}
