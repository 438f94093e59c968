import { readFile, stat } from 'node:fs/promises'
import { isMap, isScalar, LineCounter, parseDocument, type Document } from 'yaml'
import type { z } from 'zod'
import { AppError, type ErrorIssue } from '../../base/errors.ts'
import { objectOf } from '../../base/json.ts'
import { editDistance } from '../../base/text.ts'
import { type Recipe, recipeJsonSchema, recipeSchema } from '../../contract/recipe.ts'

/** Largest recipe file, in bytes. */
const MAX_BYTES = 512 * 1024
const SHOWN_PROBLEMS = 5

/** Reads a recipe file. @throws AppError `file.unreadable` or `recipe.invalid`. */
export async function readRecipe(path: string): Promise<Recipe> {
  let text: string
  try {
    const { size } = await stat(path)
    if (size > MAX_BYTES) throw new AppError('recipe.invalid', `${path} has ${size} bytes; a recipe has at most ${MAX_BYTES}. Shorten it.`)
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof AppError) throw error
    throw new AppError('file.unreadable', `The recipe ${path} could not be read. Check the path and its permissions.`, { cause: error })
  }
  return parseRecipe(text, path)
}

/**
 * Text of a recipe, YAML 1.2 or JSON (which is YAML), as a checked recipe. `source` names it in errors.
 * @throws AppError `recipe.invalid` listing up to five problems, each with its line, its path and what to do.
 */
export function parseRecipe(text: string, source = 'recipe'): Recipe {
  if (text.length > MAX_BYTES) throw new AppError('recipe.invalid', `${source} is longer than ${MAX_BYTES} characters. Shorten it.`)
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, version: '1.2', merge: false })
  const syntax = [...document.errors, ...document.warnings]
  if (syntax.length > 0) {
    const problems = syntax.map(
      (problem) => `line ${lines.linePos(problem.pos[0]).line}: ${problem.message.split('\n')[0]!.replace(/ at line .*$/, '')}`,
    )
    throw invalid(source, problems, 'Correct the YAML or JSON.')
  }
  const value = toValue(document, source)
  const parsed = recipeSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.flatMap((issue) => {
    const path = issue.path.filter((part) => typeof part !== 'symbol')
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => describe({ document, lines, path: [...path, key], message: `is not known${suggestion(key)}` }))
    return [describe({ document, lines, path, message: readable(issue) })]
  })
  throw invalid(source, problems, 'All keys are described in docs/guides/recipes.md.')
}

/** A recipe that came as data. @throws AppError `recipe.invalid`, whose issues name each mistake by its path. */
export function checkRecipe(value: unknown): Recipe {
  const parsed = recipeSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const issues = recipeIssues(parsed.error.issues)
  const said = issues.slice(0, SHOWN_PROBLEMS).map(({ path, message }) => `${path || 'the recipe'} ${message}`)
  const more = issues.length > SHOWN_PROBLEMS ? `; and ${issues.length - SHOWN_PROBLEMS} more` : ''
  throw new AppError('recipe.invalid', `The recipe is not right yet: ${said.join('; ')}${more}.`, { issues })
}

/** What is wrong, each with its path ("fields.0.words.max") and in our words. */
function recipeIssues(issues: z.core.$ZodIssue[]): ErrorIssue[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map(String)
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({ path: [...path, key].join('.'), message: `is not known${suggestion(key)}` }))
    return [{ path: path.join('.'), message: readable(issue) }]
  })
}

function toValue(document: Document.Parsed, source: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 50 }) as unknown
  } catch (error) {
    throw new AppError('recipe.invalid', `${source} repeats its own parts too often (YAML aliases). Write them out.`, { cause: error })
  }
}

function describe({
  document,
  lines,
  path,
  message,
}: {
  document: Document.Parsed
  lines: LineCounter
  path: (string | number)[]
  message: string
}): string {
  const line = lineOf(document, lines, path)
  const where =
    path.length === 0
      ? 'the recipe'
      : path.reduce<string>((text, part) => (typeof part === 'number' ? `${text}[${part}]` : text ? `${text}.${part}` : part), '')
  return `${line ? `line ${line}: ` : ''}${where} ${message}`
}

/** Line of the node at a path, or of its nearest ancestor when it is absent. */
function lineOf(document: Document.Parsed, lines: LineCounter, path: readonly (string | number)[]): number | undefined {
  for (let length = path.length; length >= 0; length -= 1) {
    const key = path[length - 1]
    const parent = length > 0 ? document.getIn(path.slice(0, length - 1), true) : document.contents
    if (length > 0 && isMap(parent)) {
      const pair = parent.items.find((item) => isScalar(item.key) && item.key.value === key)
      if (pair && isScalar(pair.key) && pair.key.range) return lines.linePos(pair.key.range[0]).line
      continue
    }
    const node = document.getIn(path.slice(0, length), true)
    if (node && typeof node === 'object' && 'range' in node && Array.isArray(node.range)) return lines.linePos(Number(node.range[0])).line
  }
  return undefined
}

/** zod's message, in the tone of ours. */
function readable(issue: { code?: string | undefined; message: string }): string {
  const text = issue.message
  if (text === 'Invalid input: expected object, received null' || text === 'Invalid input: expected object, received undefined')
    return 'must be a set of keys and values; it is empty'
  const expected = /^Invalid input: expected (.+), received (.+)$/.exec(text)
  if (expected)
    return expected[2] === 'undefined'
      ? `is missing; it must be of type ${expected[1]}`
      : `must be of type ${expected[1]}, but is of type ${expected[2]}`
  const size = /^(Too big|Too small): expected (\w+) to (?:have|be) (<=|>=|<|>)(\S+)(?: (\w+))?$/.exec(text)
  if (size) {
    const [, , kind, sign, bound, unit] = size
    const limit = sign === '<=' ? `at most ${bound}` : sign === '>=' ? `at least ${bound}` : `${sign} ${bound}`
    return kind === 'number' || kind === 'int' ? `must be ${limit}` : `must have ${limit} ${unit ?? 'entries'}`
  }
  if (issue.code === 'invalid_union') return 'must have "type": text, attributes, select or number, with the keys of that type'
  if (text.startsWith('Invalid option') || text.startsWith('Invalid input')) return `is not allowed (${text})`
  return text
}

/** Every key that a recipe can have, at any depth. */
function knownKeys(schema: unknown): string[] {
  if (Array.isArray(schema)) return schema.flatMap(knownKeys)
  const { properties, ...rest } = objectOf(schema) ?? {}
  const own = objectOf(properties) ?? {}
  return [...Object.keys(own), ...Object.values(own).flatMap(knownKeys), ...Object.values(rest).flatMap(knownKeys)]
}

/** "perCal" -> ' (did you mean "perCall"?)'. */
function suggestion(key: string): string {
  const wanted = key.toLowerCase().replace(/[^a-z]/g, '')
  const near = knownKeys(recipeJsonSchema())
    .map((known) => ({ known, distance: editDistance(wanted.slice(0, 40), known.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0]!
  return near.distance <= Math.max(1, Math.floor(near.known.length / 4)) ? ` here (did you mean "${near.known}"?)` : ' here; remove it'
}

function invalid(source: string, problems: readonly string[], remedy: string): AppError {
  const shown = problems.slice(0, SHOWN_PROBLEMS).map((problem) => (problem.length > 300 ? `${problem.slice(0, 300)}…` : problem))
  const more = problems.length > SHOWN_PROBLEMS ? `; and ${problems.length - SHOWN_PROBLEMS} more` : ''
  return new AppError('recipe.invalid', `${source}: ${shown.join('; ')}${more}. ${remedy}`)
}
