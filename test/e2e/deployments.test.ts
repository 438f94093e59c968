import { expect, it } from 'vitest'
import { addConnection, readConnection } from '../../src/contract/connections.ts'
import { newSecret } from '../support/sweep.ts'
import { describeInBrowser } from './support/browser.ts'

describeInBrowser('providers whose requests are steered by more than an address, in a browser', ({ server, open }) => {
  it('Azure: the version is shown, and which model each deployment runs is said, checked for names twice, and kept', async () => {
    const owner = await server().owner()
    const destination = { baseUrl: 'https://1.1.1.1/openai', apiVersion: '2024-10-21' }
    const { id } = await owner.call(addConnection, { body: { provider: 'azure', destination, key: newSecret({ prefix: 'az-' }) } })
    const models = async () => (await owner.call(readConnection, { params: { connectionId: id } })).models
    const tab = await open({ as: owner })
    const { page } = tab
    await tab.visit(`/providers/${id}`)
    await page.getByText('2024-10-21').waitFor()
    const add = page.getByRole('button', { name: 'Add a deployment' })
    const names = page.getByLabel('Deployment', { exact: true })
    await add.click()
    await names.last().fill('small')
    await page.getByLabel('Model it runs').last().fill('gpt-5.4-mini')
    await add.click()
    await names.last().fill('small')
    await page.getByText('This name is here twice.').first().waitFor()
    await expect.poll(() => page.getByRole('button', { name: 'Save deployments' }).isDisabled()).toBe(true)
    await page.getByRole('heading', { name: 'Deployments' }).scrollIntoViewIfNeeded()
    await tab.expectAccessible()
    await tab.shots('deployments')
    await page.getByRole('button', { name: 'Remove the deployment small' }).last().click()
    await page.getByRole('button', { name: 'Save deployments' }).click()
    await expect.poll(models).toEqual({ small: 'gpt-5.4-mini' })
    await page.getByRole('button', { name: 'Remove the deployment small' }).click()
    await page.getByRole('button', { name: 'Save deployments' }).click()
    await expect.poll(models).toBeNull()
    await tab.close()
  })

  it('Vertex AI asks for project and location beside the key; a file that is none, or lacks the project, is refused there', async () => {
    const owner = await server().owner()
    const tab = await open({ as: owner })
    const { page } = tab
    await tab.visit('/providers?add=provider')
    await page.getByRole('button', { name: /^Google Vertex AI/ }).click()
    await page.getByLabel('Key', { exact: true }).fill('{"type": "service_account"}')
    await page.getByRole('button', { name: 'Test and save' }).click()
    await page.getByText('A service account works in a project').waitFor()
    await page.getByLabel('Project').fill('My Project')
    await page.getByRole('button', { name: 'Test and save' }).click()
    await page.getByText('its project must be like my-project-123456').waitFor()
    await page.getByLabel('Project').fill('my-project')
    await page.getByRole('button', { name: 'Test and save' }).click()
    await page.getByText('This is not the key file of a Google service account').waitFor()
    await tab.expectAccessible()
    await tab.shots('vertex-add')
    await tab.close()
  })
})
