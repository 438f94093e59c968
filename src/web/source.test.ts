import { expect, it } from 'vitest'
import { literalsOf, sourceFiles, visit } from '../../test/support/web-source.ts'

const files = sourceFiles()

/** Names that are the same in every language. */
const NAMES = new Set(['Latchkey'])
const SPOKEN =
  /^(?:label|title|placeholder|alt|sentence|help|action|description|aria-label|aria-description|aria-roledescription|aria-valuetext)$/

it('has every text in the messages: none stands in JSX or in an attribute that is read', () => {
  const texts = files.flatMap((file) => {
    const found: string[] = []
    visit(file.program, (node) => {
      if (node.type === 'JSXText' && /\p{L}/u.test(node.value) && !NAMES.has(node.value.trim())) found.push(node.value.trim())
      if (node.type === 'JSXAttribute' && node.name.type === 'JSXIdentifier' && SPOKEN.test(node.name.name)) {
        const value = node.value?.type === 'JSXExpressionContainer' ? node.value.expression : node.value
        if (value?.type === 'Literal' && typeof value.value === 'string' && /\p{L}/u.test(value.value)) found.push(value.value)
      }
    })
    return found.map((text) => `${file.path}: ${text}`)
  })
  expect(texts).toEqual([])
})

const PHYSICAL = [
  /^-?(?:m|p|scroll-m|scroll-p)[lr]-/,
  /^-?(?:left|right)-/,
  /^(?:border|rounded|divide)-[lr](?:-|$)/,
  /^rounded-[tb][lr](?:-|$)/,
  /^(?:text|float|clear|object|origin|bg)-(?:left|right)$/,
]

/** "md:hover:ml-2" -> "ml-2" */
const utilityOf = (name: string): string => name.replace(/^(?:[\w[\]()&>=<.~*-]+:)+/, '').replace(/^!/, '')

it('names sides by reading direction, never by left and right, so that right-to-left needs no second layout', () => {
  const found = files.flatMap((file) =>
    literalsOf(file.program)
      .flatMap((text) => text.split(/\s+/))
      .filter((name) => PHYSICAL.some((pattern) => pattern.test(utilityOf(name))))
      .map((name) => `${file.path}: ${name}`),
  )
  expect(found).toEqual([])
})

it('makes no HTML of strings', () => {
  expect(
    files
      .filter(({ text }) => /dangerouslySetInnerHTML|\.innerHTML|\.outerHTML|insertAdjacentHTML|document\.write/.test(text))
      .map(({ path }) => path),
  ).toEqual([])
})
