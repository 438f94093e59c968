CREATE TABLE "corrections" (
	"id" uuid PRIMARY KEY NOT NULL,
	"workspace_id" uuid NOT NULL,
	"source_id" uuid NOT NULL,
	"product_id" uuid NOT NULL,
	"change_id" uuid NOT NULL,
	"attribute" text NOT NULL,
	"locale" text,
	"kind" text NOT NULL,
	"wrote" text NOT NULL,
	"made" text,
	"reason" text,
	"data" text NOT NULL,
	"pairs" jsonb NOT NULL,
	"model" text,
	"on" boolean DEFAULT true NOT NULL,
	"actor" text NOT NULL,
	"decision_id" uuid NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "review_samples" (
	"id" uuid PRIMARY KEY NOT NULL,
	"workspace_id" uuid NOT NULL,
	"filter" jsonb NOT NULL,
	"as_of" timestamp with time zone NOT NULL,
	"group_size" integer NOT NULL,
	"members" jsonb NOT NULL,
	"decision_id" uuid,
	"drawn_by" text NOT NULL,
	"drawn_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "supplier_rules" (
	"id" uuid PRIMARY KEY NOT NULL,
	"workspace_id" uuid NOT NULL,
	"source_id" uuid NOT NULL,
	"attribute" text,
	"locale" text,
	"term" text NOT NULL,
	"use" text,
	"state" text NOT NULL,
	"support" integer NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "value_changes" ADD COLUMN "making" uuid;--> statement-breakpoint
ALTER TABLE "value_changes" ADD COLUMN "record" uuid;--> statement-breakpoint
ALTER TABLE "value_changes" ADD COLUMN "change_kind" text;--> statement-breakpoint
ALTER TABLE "value_changes" ADD COLUMN "change_words" text;--> statement-breakpoint
ALTER TABLE "value_changes" ADD COLUMN "change_told_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "corrections" ADD CONSTRAINT "corrections_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "corrections" ADD CONSTRAINT "corrections_source_id_sources_id_fk" FOREIGN KEY ("source_id") REFERENCES "public"."sources"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "corrections" ADD CONSTRAINT "corrections_product_id_products_id_fk" FOREIGN KEY ("product_id") REFERENCES "public"."products"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "review_samples" ADD CONSTRAINT "review_samples_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "supplier_rules" ADD CONSTRAINT "supplier_rules_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "supplier_rules" ADD CONSTRAINT "supplier_rules_source_id_sources_id_fk" FOREIGN KEY ("source_id") REFERENCES "public"."sources"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "corrections_source" ON "corrections" USING btree ("source_id","attribute","id");--> statement-breakpoint
CREATE INDEX "review_samples_workspace" ON "review_samples" USING btree ("workspace_id","drawn_at");--> statement-breakpoint
CREATE INDEX "supplier_rules_source" ON "supplier_rules" USING btree ("source_id");--> statement-breakpoint
CREATE INDEX "value_changes_untold" ON "value_changes" USING btree ("workspace_id","id") WHERE state = 'proposed' and change_kind is null;--> statement-breakpoint
-- Row-level security for the new tables of the workspace, as 0001 has it.
DO $$
DECLARE
  tenant text;
BEGIN
  FOREACH tenant IN ARRAY ARRAY['review_samples', 'corrections', 'supplier_rules']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tenant);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', tenant);
    EXECUTE format(
      'CREATE POLICY own_workspace ON %I TO latchkey_workspace
         USING (workspace_id = (SELECT nullif(current_setting(''latchkey.workspace'', true), '''')::uuid))
         WITH CHECK (workspace_id = (SELECT nullif(current_setting(''latchkey.workspace'', true), '''')::uuid))',
      tenant);
    EXECUTE format(
      'CREATE POLICY every_workspace ON %I TO latchkey_system
         USING (current_user = ''latchkey_system'') WITH CHECK (current_user = ''latchkey_system'')',
      tenant);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO latchkey_workspace', tenant);
  END LOOP;
END
$$;
