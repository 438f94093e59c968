import { expect, it } from 'vitest'
import { codeOf } from './support/authenticator.ts'
import { describeInBrowser, settled } from './support/browser.ts'

const PASSWORD = 'correct horse battery'

describeInBrowser('the first person', ({ server, open }) => {
  it('claims the server with the keyboard alone, and lands on the five steps', async () => {
    const tab = await open()
    const { page } = tab
    await page.goto(server().server.claimLink!)
    await settled(page)
    await tab.expectAccessible()
    await tab.shots('claim')
    await page.keyboard.type('ada@example.com') // the first field has the focus
    await tab.tabTo(page.getByLabel('Password', { exact: true }))
    await page.keyboard.type(PASSWORD)
    await tab.tabTo(page.getByLabel('Name of the workspace'))
    await page.keyboard.type('Lamps')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Start' }).waitFor()
    await settled(page)
    await expect.poll(() => page.getByRole('listitem').filter({ hasText: 'Add a provider' }).getAttribute('aria-current')).toBe('step')
    await tab.expectAccessible()
    await tab.shots('start')
    await page.goto('/claim')
    await page.getByRole('heading', { name: 'This server is claimed' }).waitFor()
    await tab.expectAccessible()
    await tab.close()
  })
})

describeInBrowser('signing in', ({ server, open }) => {
  it.each(['en', 'ar'] as const)('works with the keyboard alone, in %s', async (language) => {
    const owner = await server().owner()
    const words = {
      en: { email: 'E-mail', password: 'Password', start: 'Start', refused: 'Sign in' },
      ar: { email: 'البريد الإلكتروني', password: 'كلمة المرور', start: 'البداية', refused: 'تسجيل الدخول' },
    }[language]
    const tab = await open({ language })
    const { page } = tab
    await tab.visit('/settings') // leads to sign-in, and back
    await page.getByRole('heading', { level: 1, name: words.refused }).waitFor()
    await expect.poll(() => page.locator('html').getAttribute('dir')).toBe(language === 'ar' ? 'rtl' : 'ltr')
    await tab.expectAccessible()
    await tab.shots(`sign-in.${language}`)

    await page.keyboard.type(owner.email)
    await tab.tabTo(page.getByLabel(words.password, { exact: true }))
    await page.keyboard.type('not the password')
    await page.keyboard.press('Enter')
    const alert = page.getByRole('alert')
    await alert.waitFor()
    await expect.poll(() => alert.getByRole('link').getAttribute('href')).toBe('/docs/errors/signin.refused')
    await tab.expectAccessible()
    await tab.shots(`sign-in-refused.${language}`)

    await page.getByLabel(words.password, { exact: true }).fill(PASSWORD)
    await page.keyboard.press('Enter')
    await page.waitForURL('**/settings')
    await settled(page)
    await tab.expectAccessible()
    await tab.shots(`settings.${language}`)
    await tab.close()
  })

  it('asks for the second factor where it is set up, and takes a recovery code once', async () => {
    const member = await server().member('editor')
    const tab = await open({ as: member })
    const { page } = tab
    await tab.visit('/account')
    await tab.expectAccessible()
    await tab.shots('account')
    await page.getByRole('button', { name: 'Set up the second step' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await page.keyboard.press('Enter')
    const secret = await dialog.getByLabel('Secret, to type instead of scanning').inputValue()
    await tab.expectAccessible()
    await tab.shots('two-factor')
    await dialog.getByLabel('Six-digit code').fill(codeOf(secret))
    await page.keyboard.press('Enter')
    await page.getByRole('dialog', { name: 'Recovery codes' }).waitFor()
    await tab.expectAccessible()
    await tab.shots('recovery-codes')
    const [code] = await page.getByRole('dialog').getByRole('listitem').allInnerTexts()
    await page.getByRole('button', { name: 'I have kept them' }).click()
    await page.getByText('On', { exact: true }).waitFor()

    const other = await open()
    await other.visit('/sign-in')
    const signIn = async (): Promise<void> => {
      await other.page.getByLabel('E-mail').fill(member.email)
      await other.page.getByLabel('Password', { exact: true }).fill(PASSWORD)
      await other.page.keyboard.press('Enter')
      await other.page.getByRole('heading', { name: 'Second step' }).waitFor()
    }
    await signIn()
    await other.expectAccessible()
    await other.shots('second-step')
    await other.page.getByLabel('Six-digit code').fill(codeOf(secret))
    await other.page.keyboard.press('Enter')
    await other.page.getByRole('heading', { level: 1, name: 'Start' }).waitFor()
    for (const [attempt, outcome] of [
      [1, 'in'],
      [2, 'refused'],
    ] as const) {
      await other.page.context().clearCookies()
      await other.visit('/sign-in')
      await signIn()
      await other.page.getByRole('button', { name: 'Use a recovery code' }).click()
      await other.page.getByLabel('Recovery code').fill(code!)
      await other.page.keyboard.press('Enter')
      if (outcome === 'in') await other.page.getByRole('heading', { level: 1, name: 'Start' }).waitFor()
      else await other.page.getByRole('alert').waitFor()
      expect(attempt).toBeGreaterThan(0)
    }
    await other.close()
    await tab.close()
  })

  it('ends everywhere when the person says so, and a page that was open leads back to sign-in', async () => {
    const member = await server().member('viewer')
    const here = await open({ as: member })
    const there = await open()
    await there.visit('/sign-in?back=/members')
    await there.page.getByLabel('E-mail').fill(member.email)
    await there.page.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await there.page.keyboard.press('Enter')
    await there.page.waitForURL('**/members')
    await settled(there.page)

    await here.visit('/account')
    await here.page.getByRole('button', { name: 'Sign all others out' }).click()
    await here.page.getByRole('alertdialog').getByRole('button', { name: 'Sign all others out' }).click()
    await here.page.getByRole('alertdialog').waitFor({ state: 'detached' })
    await there.page.getByRole('link', { name: 'Settings' }).click()
    await there.page.getByRole('link', { name: 'Start' }).click()
    await there.page.waitForURL('**/sign-in?**')
    expect(new URL(there.page.url()).searchParams.get('back')).toBe('/')
    await there.close()
    await here.close()
  })
})

describeInBrowser('members', ({ server, open }) => {
  it('are invited by a link, join, get another role, and are taken out', async () => {
    const tab = await open({ as: await server().owner() })
    const { page } = tab
    await tab.visit('/members')
    await page.getByRole('button', { name: 'Invite someone' }).click()
    await page.getByRole('radio', { name: 'Viewer' }).click()
    await page.getByLabel('For whom').fill('Grace <img src=x onerror=alert(1)>')
    await tab.expectAccessible()
    await tab.shots('invite')
    await page.getByRole('button', { name: 'Make the link' }).click()
    const link = await page.getByLabel('Invitation link').inputValue()
    await tab.expectAccessible()
    await page.getByRole('button', { name: 'Done' }).click()
    await page.getByText('Grace <img src=x onerror=alert(1)>').waitFor() // as text

    const guest = await open()
    await guest.page.goto(link)
    await guest.page.getByRole('heading', { name: 'Join Lamps' }).waitFor()
    await guest.expectAccessible()
    await guest.shots('join')
    await guest.page.getByLabel('Name').fill('Grace <script>alert(1)</script>')
    await guest.page.getByLabel('E-mail').fill('grace@example.com')
    await guest.page.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await guest.page.keyboard.press('Enter')
    await guest.page.getByRole('heading', { level: 1, name: 'Start' }).waitFor()
    await guest.visit('/members')
    await expect.poll(() => guest.page.getByRole('button', { name: 'Invite someone' }).count()).toBe(0) // a viewer may not
    await guest.close()
    const again = await open()
    await again.page.goto(link)
    await again.page.getByRole('heading', { name: 'This link does not work' }).waitFor()
    await again.expectAccessible()
    await again.close()

    await tab.visit('/members')
    const row = page.getByRole('row').filter({ hasText: 'grace@example.com' })
    await row.getByText('Viewer').waitFor()
    await row.getByRole('button', { name: /^Actions for Grace/ }).click()
    await page.getByRole('menuitemradio', { name: 'Editor' }).click()
    await row.getByText('Editor').waitFor()
    await page.keyboard.press('z') // the toast's undo
    await row.getByText('Viewer').waitFor()
    await tab.tabTo(page.getByRole('row').nth(1)) // one row is a stop of Tab; arrows go to the others
    await page.keyboard.press('End')
    const focused = page.locator('tr:focus')
    await expect.poll(() => focused.innerText()).toContain('grace@example.com')
    await page.keyboard.press('k')
    await expect.poll(() => focused.innerText()).toContain('ada@example.com')
    await page.getByRole('button', { name: 'Name' }).click()
    await expect.poll(() => page.getByRole('columnheader', { name: 'Name' }).getAttribute('aria-sort')).toBe('ascending')
    await tab.expectAccessible()
    await tab.shots('members')
    await row.getByRole('button', { name: /^Actions for Grace/ }).click()
    await page.getByRole('menuitem', { name: 'Take out of the workspace' }).click()
    await page.getByRole('alertdialog').waitFor()
    await tab.expectAccessible()
    await tab.shots('remove-member')
    await page.getByRole('alertdialog').getByRole('button', { name: 'Take out of the workspace' }).click()
    await page.getByRole('alertdialog').waitFor({ state: 'detached' })
    await row.waitFor({ state: 'detached' })
    await tab.close()
  })

  it('make API tokens, shown once, and revoke them', async () => {
    const tab = await open({ as: await server().owner() })
    const { page } = tab
    await tab.visit('/account')
    await page.getByRole('button', { name: 'Make a token' }).click()
    await page.getByRole('dialog').getByLabel('Name').fill('Nightly export')
    await page.getByRole('dialog').getByRole('button', { name: 'Make a token' }).click()
    const token = await page.getByLabel('API token', { exact: true }).inputValue()
    await tab.expectAccessible()
    await tab.shots('api-token')
    const asProgram = (): Promise<Response> =>
      fetch(new URL('/api/v1/members', server().url), { headers: { authorization: `Bearer ${token}` } })
    expect((await asProgram()).status).toBe(200)
    await page.getByRole('button', { name: 'I have kept it' }).click()
    const row = page.getByRole('row').filter({ hasText: 'Nightly export' })
    await row.getByRole('button', { name: 'Revoke' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Revoke' }).click()
    await page.getByRole('alertdialog').waitFor({ state: 'detached' })
    await row.waitFor({ state: 'detached' })
    expect((await asProgram()).status).toBe(401)
    expect(await page.content()).not.toContain(token)
    await tab.close()
  })
})
