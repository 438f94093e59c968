import { afterAll, beforeAll, expect, it } from 'vitest'
import * as contract from '../src/contract/recipes.ts'
import { describeOnEachEngine } from './support/engines.ts'
import { bringFile } from './support/bring-file.ts'
import { EVERYTHING, RECIPE } from './support/enrichment.ts'
import { startTestServer, type TestClient, type TestServer } from './support/server.ts'

describeOnEachEngine('recipes through their routes', (on) => {
  let server: TestServer
  let editor: TestClient
  beforeAll(async () => {
    server = await startTestServer({ on })
    editor = await server.member('editor')
  })
  afterAll(() => server?.close())

  it('are kept under a name, changed with their version, and nobody overwrites what they have not seen', async () => {
    const added = await editor.call(contract.addRecipe, { body: { name: 'Shop', recipe: RECIPE } })
    expect(added).toMatchObject({ name: 'Shop', version: 1, lastUsedAt: null, recipe: { name: 'Shop', locale: 'en', perCall: 1 } })
    const params = { recipeId: added.id }
    const changed = await editor.call(contract.changeRecipe, {
      params,
      body: { name: 'Shop', version: 1, recipe: { ...RECIPE, tone: 'dry' } },
    })
    expect(changed).toMatchObject({ version: 2, recipe: { tone: 'dry' } })
    const late = { name: 'Shop', version: 1, recipe: { ...RECIPE, tone: 'loud' } }
    expect(await editor.refused(contract.changeRecipe, { params, body: late })).toMatchObject({ status: 409, code: 'recipe.changed' })
    expect((await editor.call(contract.readStoredRecipe, { params })).recipe.tone).toBe('dry')
    const copy = await editor.call(contract.duplicateRecipe, { params, body: { name: 'Second shop' } })
    expect(copy.recipe).toMatchObject({ name: 'Second shop', tone: 'dry' })
    expect((await editor.call(contract.listRecipes, { query: {} })).items.map(({ name }) => name)).toEqual(['Second shop', 'Shop'])
    await editor.call(contract.deleteRecipe, { params })
    expect(await editor.refused(contract.readStoredRecipe, { params })).toMatchObject({ status: 404, code: 'recipe.missing' })
    expect(await editor.refused(contract.changeRecipe, { params, body: late })).toMatchObject({ code: 'recipe.missing' })
  })

  it('are refused with each mistake at its path', async () => {
    const recipe = { fields: [{ type: 'text', name: 'title', words: { max: 'ten' } }] }
    const problem = await editor.refused(contract.addRecipe, { body: { name: 'Wrong', recipe } })
    expect(problem).toMatchObject({ status: 422, code: 'recipe.invalid', issues: [{ path: 'fields.0.words.max' }] })
    expect(await editor.call(contract.checkRecipe, { body: { recipe } })).toMatchObject({
      recipe: null,
      issues: [{ path: 'fields.0.words.max' }],
    })
    const right = await editor.call(contract.checkRecipe, { body: { recipe: RECIPE } })
    expect(right.issues).toEqual([])
    expect(right.system).toContain('description: ')
  })

  it('begin with a suggestion that writes to the columns as the files spell them', async () => {
    await bringFile(editor, 'chairs.csv', 'SKU,Title,Description,stock\n1,Chair A,,3\n2,Chair B,Comfortable,4')
    const { recipe, columns } = await editor.call(contract.suggestRecipe, { body: { selection: EVERYTHING, locale: 'de' } })
    expect(recipe.locale).toBe('de')
    expect(recipe.fields.map(({ name, column }) => [name, column])).toEqual([
      ['title', 'Title'],
      ['description', 'Description'],
      ['attributes', undefined],
    ])
    expect(columns.find(({ name }) => name === 'Description')).toEqual({
      name: 'Description',
      share: 0.5,
      shown: true,
      example: 'Comfortable',
    })
    expect(columns.find(({ name }) => name === 'stock')).toMatchObject({ share: 1, shown: false })
  })

  it('come from files and go to files', async () => {
    const { recipe } = await editor.call(contract.readRecipeText, {
      body: { text: 'tone: dry\nfields:\n  - { name: title, type: text }\n' },
    })
    const { text } = await editor.call(contract.writeRecipeText, { body: { recipe } })
    expect(await editor.call(contract.readRecipeText, { body: { text } })).toEqual({ recipe })
    expect(await editor.refused(contract.readRecipeText, { body: { text: 'fields: [' } })).toMatchObject({ code: 'recipe.invalid' })
  })

  it('are the workspace’s own', async () => {
    const added = await editor.call(contract.addRecipe, { body: { name: 'Own', recipe: RECIPE } })
    const stranger = await server.stranger()
    const params = { recipeId: added.id }
    expect(await stranger.refused(contract.readStoredRecipe, { params })).toMatchObject({ status: 404, code: 'recipe.missing' })
    expect(await stranger.refused(contract.deleteRecipe, { params })).toMatchObject({ status: 404 })
    expect((await stranger.call(contract.listRecipes, { query: {} })).items).toEqual([])
    expect(await (await server.member('viewer')).refused(contract.deleteRecipe, { params })).toMatchObject({ status: 403 })
  })
})
