CREATE INDEX "ledger_entries_connection" ON "ledger_entries" USING btree ("connection_id","intended_at");--> statement-breakpoint
CREATE INDEX "ledger_entries_connection_errors" ON "ledger_entries" USING btree ("connection_id","intended_at") WHERE error_code is not null;--> statement-breakpoint
-- Row-level security for "contexts", as 0001 has it for the tables before it.
ALTER TABLE contexts ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE contexts FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE POLICY own_workspace ON contexts TO latchkey_workspace
  USING (workspace_id = (SELECT nullif(current_setting('latchkey.workspace', true), '')::uuid))
  WITH CHECK (workspace_id = (SELECT nullif(current_setting('latchkey.workspace', true), '')::uuid));
--> statement-breakpoint
CREATE POLICY every_workspace ON contexts TO latchkey_system
  USING (current_user = 'latchkey_system') WITH CHECK (current_user = 'latchkey_system');
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON contexts TO latchkey_workspace;
