CREATE TABLE "shown_records" (
	"product_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"workspace_id" uuid NOT NULL,
	"lines" "bytea" NOT NULL,
	CONSTRAINT "shown_records_product_id_id_pk" PRIMARY KEY("product_id","id")
);
--> statement-breakpoint
CREATE TABLE "stale_checks" (
	"workspace_id" uuid PRIMARY KEY NOT NULL,
	"looked" integer NOT NULL,
	"total" integer NOT NULL,
	"started_at" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "stale_values" (
	"change_id" uuid PRIMARY KEY NOT NULL,
	"workspace_id" uuid NOT NULL,
	"product_id" uuid NOT NULL,
	"attribute" text NOT NULL,
	"locale" text,
	"recipe" text NOT NULL,
	"causes" text[] NOT NULL,
	"changed" jsonb NOT NULL,
	"refresh_id" uuid
);
--> statement-breakpoint
CREATE TABLE "value_makings" (
	"workspace_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"parts" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "value_makings_workspace_id_id_pk" PRIMARY KEY("workspace_id","id")
);
--> statement-breakpoint
ALTER TABLE "shown_records" ADD CONSTRAINT "shown_records_product_id_products_id_fk" FOREIGN KEY ("product_id") REFERENCES "public"."products"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "shown_records" ADD CONSTRAINT "shown_records_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "stale_checks" ADD CONSTRAINT "stale_checks_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "stale_values" ADD CONSTRAINT "stale_values_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "stale_values" ADD CONSTRAINT "stale_values_product_id_products_id_fk" FOREIGN KEY ("product_id") REFERENCES "public"."products"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "value_makings" ADD CONSTRAINT "value_makings_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "shown_records_workspace" ON "shown_records" USING btree ("workspace_id");--> statement-breakpoint
CREATE INDEX "stale_values_workspace" ON "stale_values" USING btree ("workspace_id","recipe");--> statement-breakpoint
CREATE INDEX "stale_values_product" ON "stale_values" USING btree ("product_id");--> statement-breakpoint
CREATE INDEX "stale_values_refresh" ON "stale_values" USING btree ("refresh_id") WHERE refresh_id is not null;--> statement-breakpoint
-- Row-level security for the new tables of the workspace, as 0001 has it.
DO $$
DECLARE
  tenant text;
BEGIN
  FOREACH tenant IN ARRAY ARRAY['value_makings', 'shown_records', 'stale_values', 'stale_checks']
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
--> statement-breakpoint
-- A product that has or loses a stale value is indexed again, as one that has or loses a proposal.
CREATE FUNCTION mark_stale_values() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO stale_products (product_id, workspace_id, marked_at)
    SELECT DISTINCT product_id, workspace_id, null::timestamptz FROM changed ORDER BY product_id
    ON CONFLICT (product_id) DO UPDATE SET marked_at = stale_products.marked_at;
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER stale_values_added AFTER INSERT ON stale_values REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION mark_stale_values();
--> statement-breakpoint
CREATE TRIGGER stale_values_removed AFTER DELETE ON stale_values REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION mark_stale_values();
--> statement-breakpoint
-- A proposal whose group is told changes nothing that is indexed: only states and flags do.
CREATE OR REPLACE FUNCTION mark_reproposed_products() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO stale_products (product_id, workspace_id, marked_at)
    SELECT DISTINCT now_is.product_id, now_is.workspace_id, null::timestamptz FROM was JOIN now_is ON now_is.id = was.id
      WHERE 'proposed' IN (was.state, now_is.state) AND (was.state <> now_is.state OR was.flags <> now_is.flags) ORDER BY 1
    ON CONFLICT (product_id) DO UPDATE SET marked_at = stale_products.marked_at;
  RETURN NULL;
END
$$;
