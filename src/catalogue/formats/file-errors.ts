import { AppError } from '../../base/errors.ts'

const READ_REMEDIES: Record<string, string> = {
  ENOENT: 'there is no such file. Check the path.',
  EACCES: 'you may not read it. Change its permissions or run the command as its owner.',
  EPERM: 'you may not read it. Change its permissions or run the command as its owner.',
  EISDIR: 'it is a folder. Name the catalogue file inside it.',
  EMFILE: 'too many files are open. Close some programs or raise the limit (ulimit -n).',
}

const WRITE_REMEDIES: Record<string, string> = {
  ENOENT: 'its folder does not exist. Make the folder first.',
  ENOTDIR: 'its path goes through something that is not a folder. Check the path.',
  EACCES: 'you may not write there. Choose another path or change the permissions.',
  EPERM: 'you may not write there. Choose another path or change the permissions.',
  EROFS: 'that disk is read-only. Choose another path.',
  ENOSPC: 'the disk is full. Free some space and run the command again.',
  EDQUOT: 'your disk quota is used up. Free some space and run the command again.',
  ENAMETOOLONG: 'the name is too long. Choose a shorter one.',
}

const systemCode = (error: unknown): string => (error as NodeJS.ErrnoException | undefined)?.code ?? 'something unknown'

/** A failure of the system while reading, in words; an error of ours stays what it is. */
export function unreadable(path: string, error: unknown): AppError {
  if (error instanceof AppError) return error
  const code = systemCode(error)
  return new AppError('file.unreadable', `${path} cannot be read: ${READ_REMEDIES[code] ?? `the system says ${code}.`}`, { cause: error })
}

/** A failure of the system while writing, in words; an error of ours stays what it is. */
export function unwritable(path: string, error: unknown): AppError {
  if (error instanceof AppError) return error
  const code = systemCode(error)
  return new AppError('file.unwritable', `${path} cannot be written: ${WRITE_REMEDIES[code] ?? `the system says ${code}.`}`, {
    cause: error,
  })
}
