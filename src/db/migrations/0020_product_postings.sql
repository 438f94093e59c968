-- The index is made anew from the products, in the background after this.
TRUNCATE product_index;
--> statement-breakpoint
CREATE TABLE "catalogue_indexes" (
	"workspace_id" uuid PRIMARY KEY NOT NULL,
	"next_ordinal" integer DEFAULT 0 NOT NULL,
	"next_segment" integer DEFAULT 1 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "departed_products" (
	"workspace_id" uuid NOT NULL,
	"ordinal" integer NOT NULL,
	CONSTRAINT "departed_products_workspace_id_ordinal_pk" PRIMARY KEY("workspace_id","ordinal")
);
--> statement-breakpoint
CREATE TABLE "index_pages" (
	"workspace_id" uuid NOT NULL,
	"segment_id" integer NOT NULL,
	"first_term" "bytea" NOT NULL,
	"body" "bytea" NOT NULL,
	CONSTRAINT "index_pages_workspace_id_segment_id_first_term_pk" PRIMARY KEY("workspace_id","segment_id","first_term")
);
--> statement-breakpoint
CREATE TABLE "index_segments" (
	"workspace_id" uuid NOT NULL,
	"id" integer NOT NULL,
	"members" "bytea" NOT NULL,
	"products" integer NOT NULL,
	"ready" boolean NOT NULL,
	"made_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "index_segments_workspace_id_id_pk" PRIMARY KEY("workspace_id","id")
);
--> statement-breakpoint
DROP INDEX "product_index_workspace";--> statement-breakpoint
ALTER TABLE "product_index" ALTER COLUMN "identifier" SET DATA TYPE text collate "C";--> statement-breakpoint
ALTER TABLE "product_index" ALTER COLUMN "name_key" SET DATA TYPE text collate "C";--> statement-breakpoint
ALTER TABLE "stale_products" ALTER COLUMN "marked_at" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "product_index" ADD COLUMN "ordinal" integer NOT NULL;--> statement-breakpoint
ALTER TABLE "sources" ADD COLUMN "products" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "sources" ADD COLUMN "index_all" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "catalogue_indexes" ADD CONSTRAINT "catalogue_indexes_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "departed_products" ADD CONSTRAINT "departed_products_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "index_pages" ADD CONSTRAINT "index_pages_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "index_segments" ADD CONSTRAINT "index_segments_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "product_index_ordinal" ON "product_index" USING btree ("workspace_id","ordinal");--> statement-breakpoint
CREATE INDEX "product_index_by_row" ON "product_index" USING btree ("workspace_id","source_id","row","product_id","ordinal");--> statement-breakpoint
CREATE INDEX "product_index_by_identifier" ON "product_index" USING btree ("workspace_id","identifier","product_id","ordinal");--> statement-breakpoint
CREATE INDEX "product_index_by_name" ON "product_index" USING btree ("workspace_id","name_key","product_id","ordinal");--> statement-breakpoint
CREATE INDEX "product_index_by_time" ON "product_index" USING btree ("workspace_id","updated_at","product_id","ordinal");--> statement-breakpoint
ALTER TABLE "product_index" DROP COLUMN "filled";--> statement-breakpoint
ALTER TABLE "product_index" DROP COLUMN "words";
--> statement-breakpoint
SET LOCAL ROLE latchkey_system;
--> statement-breakpoint
UPDATE sources SET index_import = null, index_row = 0, indexed = false,
  products = (SELECT count(*) FROM products WHERE products.source_id = sources.id AND products.last_seen_import = sources.last_import);
--> statement-breakpoint
RESET ROLE;
--> statement-breakpoint
-- Postings are compact as they are: no time is spent on making them smaller.
ALTER TABLE index_pages ALTER COLUMN body SET STORAGE EXTERNAL;
--> statement-breakpoint
ALTER TABLE index_segments ALTER COLUMN members SET STORAGE EXTERNAL;
--> statement-breakpoint
-- Row-level security, as 0009 has it.
DO $$
DECLARE
  tenant text;
BEGIN
  FOREACH tenant IN ARRAY ARRAY['catalogue_indexes', 'index_segments', 'index_pages', 'departed_products']
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
-- A product that has or loses a proposal is indexed again, as one whose values were written (0009). `do update` locks the mark.
CREATE FUNCTION mark_proposed_products() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO stale_products (product_id, workspace_id, marked_at)
    SELECT DISTINCT product_id, workspace_id, null::timestamptz FROM changed WHERE state = 'proposed' ORDER BY product_id
    ON CONFLICT (product_id) DO UPDATE SET marked_at = stale_products.marked_at;
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE FUNCTION mark_reproposed_products() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO stale_products (product_id, workspace_id, marked_at)
    SELECT product_id, workspace_id, null::timestamptz FROM was WHERE state = 'proposed'
      UNION SELECT product_id, workspace_id, null FROM now_is WHERE state = 'proposed' ORDER BY product_id
    ON CONFLICT (product_id) DO UPDATE SET marked_at = stale_products.marked_at;
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER value_changes_proposed AFTER INSERT ON value_changes REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION mark_proposed_products();
--> statement-breakpoint
CREATE TRIGGER value_changes_removed AFTER DELETE ON value_changes REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION mark_proposed_products();
--> statement-breakpoint
CREATE TRIGGER value_changes_reproposed AFTER UPDATE ON value_changes REFERENCING OLD TABLE AS was NEW TABLE AS now_is
  FOR EACH STATEMENT EXECUTE FUNCTION mark_reproposed_products();
--> statement-breakpoint
-- Whoever removes a product from the list, or the product itself: its ordinal leaves the segments.
CREATE FUNCTION mark_departed_product() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO departed_products (workspace_id, ordinal) VALUES (old.workspace_id, old.ordinal) ON CONFLICT DO NOTHING;
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER product_index_departed AFTER DELETE ON product_index FOR EACH ROW EXECUTE FUNCTION mark_departed_product();
