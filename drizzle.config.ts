import { defineConfig } from 'drizzle-kit'

/** `npm run generate:migration`: compares src/db/schema with the last snapshot and writes the next migration. */
export default defineConfig({
  dialect: 'postgresql',
  schema: './src/db/schema/index.ts',
  out: './src/db/migrations',
  schemaFilter: ['public', 'keyring'],
})
