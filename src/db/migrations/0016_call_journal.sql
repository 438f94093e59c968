CREATE TABLE "call_journal" (
	"id" uuid PRIMARY KEY NOT NULL,
	"instance" text NOT NULL,
	"written_at" timestamp with time zone NOT NULL,
	"intents" text NOT NULL,
	"entries" text NOT NULL
);
--> statement-breakpoint
ALTER TABLE "call_intents" DROP CONSTRAINT "call_intents_workspace_id_workspaces_id_fk";
--> statement-breakpoint
ALTER TABLE "call_intents" DROP CONSTRAINT "call_intents_connection_id_connections_id_fk";
--> statement-breakpoint
ALTER TABLE "ledger_entries" DROP CONSTRAINT "ledger_entries_workspace_id_workspaces_id_fk";
--> statement-breakpoint
CREATE INDEX "call_journal_instance" ON "call_journal" USING btree ("instance","id");--> statement-breakpoint
-- Read once, soon after: not worth the work of compressing it.
ALTER TABLE call_journal ALTER COLUMN intents SET STORAGE EXTERNAL, ALTER COLUMN entries SET STORAGE EXTERNAL;
--> statement-breakpoint
ALTER TABLE call_journal ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE call_journal FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE POLICY every_workspace ON call_journal TO latchkey_system
  USING (current_user = 'latchkey_system') WITH CHECK (current_user = 'latchkey_system');
