-- Row-level security. latchkey_workspace sees the rows of the workspace that its transaction has set; latchkey_system sees
-- all. FORCE: the owner of the tables sees nothing either. The roles are made before the first migration (src/db/roles.ts).
-- The setting is read once per statement (a sub-select), and equality of UUIDs is leakproof, so that indexes serve.
GRANT USAGE ON SCHEMA public, keyring TO latchkey_workspace, latchkey_system;
--> statement-breakpoint
DO $$
DECLARE
  tenant record;
BEGIN
  FOR tenant IN
    SELECT name, owner_column FROM (VALUES
      ('public.workspaces', 'id'),
      ('keyring.data_keys', 'workspace_id'),
      ('public.connections', 'workspace_id'),
      ('public.assignments', 'workspace_id'),
      ('public.budgets', 'workspace_id'),
      ('public.call_intents', 'workspace_id'),
      ('public.ledger_entries', 'workspace_id'),
      ('public.sources', 'workspace_id'),
      ('public.products', 'workspace_id'),
      ('public.value_changes', 'workspace_id'),
      ('public.runs', 'workspace_id'),
      ('public.run_items', 'workspace_id'),
      ('public.audit_entries', 'workspace_id')
    ) AS tenants (name, owner_column)
  LOOP
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', tenant.name);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', tenant.name);
    EXECUTE format(
      'CREATE POLICY own_workspace ON %1$s TO latchkey_workspace
         USING (%2$I = (SELECT nullif(current_setting(''latchkey.workspace'', true), '''')::uuid))
         WITH CHECK (%2$I = (SELECT nullif(current_setting(''latchkey.workspace'', true), '''')::uuid))',
      tenant.name, tenant.owner_column);
    -- A login role that inherits latchkey_system gets no rows from that alone: it must have taken the role on.
    EXECUTE format(
      'CREATE POLICY every_workspace ON %s TO latchkey_system
         USING (current_user = ''latchkey_system'') WITH CHECK (current_user = ''latchkey_system'')',
      tenant.name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO latchkey_workspace, latchkey_system', tenant.name);
  END LOOP;
END
$$;
--> statement-breakpoint
REVOKE INSERT, DELETE ON workspaces FROM latchkey_workspace;
--> statement-breakpoint
-- Records of what happened are never rewritten; a retention rule of the system may remove them.
REVOKE UPDATE ON ledger_entries, audit_entries FROM latchkey_workspace, latchkey_system;
--> statement-breakpoint
REVOKE DELETE ON ledger_entries, audit_entries FROM latchkey_workspace;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON deployment, master_keys TO latchkey_system;
--> statement-breakpoint
-- Tables of later migrations are open to the system; a workspace's tables are granted by name, with their policies.
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO latchkey_system;
--> statement-breakpoint
ALTER DEFAULT PRIVILEGES IN SCHEMA keyring GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO latchkey_system;
