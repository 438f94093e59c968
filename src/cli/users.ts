import { randomBytes } from 'node:crypto'
import { AppError } from '../base/errors.ts'
import { resetPassword } from '../people/sign-in.ts'
import { defineCommand } from './command.ts'
import { EXIT } from './exit-codes.ts'

/** `latchkey users reset EMAIL`: for the operator, who is trusted with the machine. */
export const users = defineCommand({
  name: 'users',
  description: 'Give a person a new password when they have lost theirs. All their sessions end.',
  args: {
    action: { type: 'positional', required: true, valueHint: 'reset', description: 'What to do: reset' },
    email: { type: 'positional', required: true, valueHint: 'EMAIL', description: 'The address that the person signs in with' },
    'two-factor': { type: 'boolean', description: 'Drop the second factor too, when the person has lost that' },
  },
  async run(args, { io, openServices }) {
    if (args.action !== 'reset')
      throw new AppError('command.invalid', `There is no "users ${args.action}". Use: ./latchkey users reset EMAIL`)
    const services = await openServices({ purpose: 'latchkey users reset' })
    try {
      const password = newPassword()
      await resetPassword(services.database, { email: args.email, password, withoutSecondFactor: args['two-factor'] === true })
      io.out(
        `New password for ${args.email}: ${password}\nTell it to them in person. They sign in with it and choose their own under Account.\n`,
      )
      return EXIT.done
    } finally {
      await services.close()
    }
  },
})

/** 100 random bits in words' clothing: five groups that can be read aloud. */
function newPassword(): string {
  const letters = 'abcdefghijkmnpqrstuvwxyz23456789' // 32 of them: none of l, o, 0, 1
  const text = Array.from(randomBytes(20), (byte) => letters[byte % letters.length]).join('')
  return text.match(/.{4}/g)!.join('-')
}
