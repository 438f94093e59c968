CREATE TABLE "connection_pace" (
	"workspace_id" uuid NOT NULL,
	"connection_id" uuid NOT NULL,
	"instance" text NOT NULL,
	"in_flight" integer DEFAULT 0 NOT NULL,
	"waiting" integer DEFAULT 0 NOT NULL,
	"held_until" timestamp with time zone,
	"held_for" text,
	"width" integer,
	"width_cut_at" timestamp with time zone,
	"circuit_open_since" timestamp with time zone,
	"circuit_failed_probes" integer DEFAULT 0 NOT NULL,
	"circuit_next_probe_at" timestamp with time zone,
	"circuit_closed_at" timestamp with time zone,
	"limits" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"seen_at" timestamp with time zone NOT NULL,
	CONSTRAINT "connection_pace_connection_id_instance_pk" PRIMARY KEY("connection_id","instance")
);
--> statement-breakpoint
ALTER TABLE "notices" ADD COLUMN "ended_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "connection_pace" ADD CONSTRAINT "connection_pace_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "connection_pace" ADD CONSTRAINT "connection_pace_connection_id_connections_id_fk" FOREIGN KEY ("connection_id") REFERENCES "public"."connections"("id") ON DELETE no action ON UPDATE no action;
--> statement-breakpoint
-- Row-level security, as 0003 has it. What is learned is written by instances, for the workspace whose connection it is.
DO $$
BEGIN
  ALTER TABLE connection_pace ENABLE ROW LEVEL SECURITY;
  ALTER TABLE connection_pace FORCE ROW LEVEL SECURITY;
  CREATE POLICY own_workspace ON connection_pace TO latchkey_workspace
    USING (workspace_id = (SELECT nullif(current_setting('latchkey.workspace', true), '')::uuid))
    WITH CHECK (workspace_id = (SELECT nullif(current_setting('latchkey.workspace', true), '')::uuid));
  CREATE POLICY every_workspace ON connection_pace TO latchkey_system
    USING (current_user = 'latchkey_system') WITH CHECK (current_user = 'latchkey_system');
  GRANT SELECT, INSERT, UPDATE ON connection_pace TO latchkey_workspace;
END
$$;
