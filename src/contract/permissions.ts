/** What a member may do in a workspace. Routes name the action they need, pages ask before they show a button: both read this table. */
export const ROLES = ['owner', 'admin', 'editor', 'viewer'] as const
export type Role = (typeof ROLES)[number]

const VIEWER = [
  'catalogue.read',
  'runs.read',
  'recipes.read',
  'connections.read',
  'assignments.read',
  'consumption.read',
  'gateway.read',
  'budgets.read',
  'workspace.read',
] as const
const EDITOR = [...VIEWER, 'catalogue.write', 'review.decide', 'recipes.write', 'runs.write'] as const
const ADMIN = [
  ...EDITOR,
  'connections.write',
  'assignments.write',
  'gateway.write',
  'budgets.write',
  'members.read',
  'members.write',
  'workspace.write',
  'audit.read',
] as const
const OWNER = [...ADMIN, 'owners.write'] as const

export type Action = (typeof OWNER)[number]

export const PERMISSIONS: Readonly<Record<Role, readonly Action[]>> = { owner: OWNER, admin: ADMIN, editor: EDITOR, viewer: VIEWER }

/** Whether a role may do something. The only place that decides it. */
export const may = (role: Role, action: Action): boolean => PERMISSIONS[role].includes(action)

/** The roles that may, for a text that says whom to ask. */
export const rolesThatMay = (action: Action): Role[] => ROLES.filter((role) => may(role, action))
