import { AppError } from '../base/errors.ts'

/** The cursor of a list that counts its items: how many, or which position, to go on after; absent: from the beginning. @throws AppError request.invalid */
export function positionOf(cursor: string | undefined): number {
  if (cursor === undefined) return 0
  if (/^\d{1,9}$/.test(cursor)) return Number(cursor)
  throw new AppError('request.invalid', 'This cursor is none that the list gave. Read the list from its beginning.')
}
