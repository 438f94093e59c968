CREATE TABLE "provider_batch_requests" (
	"id" uuid PRIMARY KEY NOT NULL,
	"batch_id" uuid NOT NULL,
	"workspace_id" uuid NOT NULL,
	"items" jsonb NOT NULL,
	"input_parts" jsonb,
	"output_limit" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "provider_batches" (
	"id" uuid PRIMARY KEY NOT NULL,
	"workspace_id" uuid NOT NULL,
	"run_id" uuid NOT NULL,
	"connection_id" uuid NOT NULL,
	"candidate" integer NOT NULL,
	"model" text NOT NULL,
	"destination" text NOT NULL,
	"state" text NOT NULL,
	"provider_batch_id" text,
	"input_hash" text,
	"requests" integer DEFAULT 0 NOT NULL,
	"items" integer DEFAULT 0 NOT NULL,
	"done" integer DEFAULT 0 NOT NULL,
	"failed" integer DEFAULT 0 NOT NULL,
	"problem" jsonb,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"submitted_at" timestamp with time zone,
	"expires_at" timestamp with time zone,
	"next_look_at" timestamp with time zone,
	"ended_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "call_intents" ADD COLUMN "batch_id" uuid;--> statement-breakpoint
ALTER TABLE "provider_batch_requests" ADD CONSTRAINT "provider_batch_requests_batch_id_provider_batches_id_fk" FOREIGN KEY ("batch_id") REFERENCES "public"."provider_batches"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "provider_batch_requests" ADD CONSTRAINT "provider_batch_requests_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "provider_batches" ADD CONSTRAINT "provider_batches_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "provider_batches" ADD CONSTRAINT "provider_batches_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "provider_batches" ADD CONSTRAINT "provider_batches_connection_id_connections_id_fk" FOREIGN KEY ("connection_id") REFERENCES "public"."connections"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "provider_batch_requests_batch" ON "provider_batch_requests" USING btree ("batch_id","id");--> statement-breakpoint
CREATE INDEX "provider_batches_run" ON "provider_batches" USING btree ("run_id","created_at");--> statement-breakpoint
CREATE INDEX "provider_batches_live" ON "provider_batches" USING btree ("run_id") WHERE state <> 'ended';--> statement-breakpoint
CREATE INDEX "call_intents_batch" ON "call_intents" USING btree ("batch_id") WHERE batch_id is not null;--> statement-breakpoint
ALTER TABLE provider_batches ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE provider_batches FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE POLICY own_workspace ON provider_batches TO latchkey_workspace
  USING (workspace_id = (SELECT nullif(current_setting('latchkey.workspace', true), '')::uuid))
  WITH CHECK (workspace_id = (SELECT nullif(current_setting('latchkey.workspace', true), '')::uuid));
--> statement-breakpoint
CREATE POLICY every_workspace ON provider_batches TO latchkey_system
  USING (current_user = 'latchkey_system') WITH CHECK (current_user = 'latchkey_system');
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON provider_batches TO latchkey_workspace;
--> statement-breakpoint
ALTER TABLE provider_batch_requests ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE provider_batch_requests FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE POLICY own_workspace ON provider_batch_requests TO latchkey_workspace
  USING (workspace_id = (SELECT nullif(current_setting('latchkey.workspace', true), '')::uuid))
  WITH CHECK (workspace_id = (SELECT nullif(current_setting('latchkey.workspace', true), '')::uuid));
--> statement-breakpoint
CREATE POLICY every_workspace ON provider_batch_requests TO latchkey_system
  USING (current_user = 'latchkey_system') WITH CHECK (current_user = 'latchkey_system');
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON provider_batch_requests TO latchkey_workspace;
