CREATE TABLE "virtual_keys" (
	"id" uuid PRIMARY KEY NOT NULL,
	"workspace_id" uuid NOT NULL,
	"name" text NOT NULL,
	"owner_id" uuid NOT NULL,
	"token_hash" "bytea" NOT NULL,
	"last_four" text NOT NULL,
	"contexts" jsonb,
	"connection_ids" jsonb,
	"models" jsonb,
	"max_output_tokens" integer,
	"created_at" timestamp with time zone NOT NULL,
	"changed_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone,
	"last_used_at" timestamp with time zone,
	"revoked_at" timestamp with time zone,
	CONSTRAINT "virtual_keys_token" UNIQUE("token_hash")
);
--> statement-breakpoint
ALTER TABLE "virtual_keys" ADD CONSTRAINT "virtual_keys_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "virtual_keys" ADD CONSTRAINT "virtual_keys_owner_id_users_id_fk" FOREIGN KEY ("owner_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "virtual_keys_workspace" ON "virtual_keys" USING btree ("workspace_id","created_at");--> statement-breakpoint
ALTER TABLE virtual_keys ENABLE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE virtual_keys FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE POLICY own_workspace ON virtual_keys TO latchkey_workspace
  USING (workspace_id = (SELECT nullif(current_setting('latchkey.workspace', true), '')::uuid))
  WITH CHECK (workspace_id = (SELECT nullif(current_setting('latchkey.workspace', true), '')::uuid));
--> statement-breakpoint
CREATE POLICY every_workspace ON virtual_keys TO latchkey_system
  USING (current_user = 'latchkey_system') WITH CHECK (current_user = 'latchkey_system');
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON virtual_keys TO latchkey_workspace;
