import { withParser } from '../../../src/catalogue/containers/parser-process.ts'

/** Has the file that it is given taken apart, up to its first batch, and waits then. */
const [path, format] = process.argv.slice(2)
await withParser(path!, {}, async (parser) => {
  const answer = await parser.ask({ kind: 'read', file: path!, format: JSON.parse(format!) as never, limit: null })
  process.stdout.write(`${answer.kind}\n`)
  await new Promise(() => setInterval(() => undefined, 1_000))
})
