CREATE TABLE "behaviour_cards" (
	"workspace_id" uuid NOT NULL,
	"connection_id" uuid NOT NULL,
	"model" text NOT NULL,
	"kind" text NOT NULL,
	"destination" text NOT NULL,
	"state" text NOT NULL,
	"asking" text,
	"findings" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"limit_headers" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"calls" integer DEFAULT 0 NOT NULL,
	"cost_nano" bigint DEFAULT 0 NOT NULL,
	"currency" text NOT NULL,
	"unknown_cost_calls" integer DEFAULT 0 NOT NULL,
	"budget_id" uuid NOT NULL,
	"problem" jsonb,
	"instance" text NOT NULL,
	"started_by" text NOT NULL,
	"started_at" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone,
	CONSTRAINT "behaviour_cards_connection_id_model_pk" PRIMARY KEY("connection_id","model")
);
--> statement-breakpoint
ALTER TABLE "behaviour_cards" ADD CONSTRAINT "behaviour_cards_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "behaviour_cards" ADD CONSTRAINT "behaviour_cards_connection_id_connections_id_fk" FOREIGN KEY ("connection_id") REFERENCES "public"."connections"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE behaviour_cards ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE behaviour_cards FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE POLICY own_workspace ON behaviour_cards TO latchkey_workspace
  USING (workspace_id = (SELECT nullif(current_setting('latchkey.workspace', true), '')::uuid))
  WITH CHECK (workspace_id = (SELECT nullif(current_setting('latchkey.workspace', true), '')::uuid));
--> statement-breakpoint
CREATE POLICY every_workspace ON behaviour_cards TO latchkey_system
  USING (current_user = 'latchkey_system') WITH CHECK (current_user = 'latchkey_system');
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON behaviour_cards TO latchkey_workspace;
