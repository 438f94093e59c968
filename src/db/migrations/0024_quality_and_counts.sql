-- The index is made anew from the products, in the background after this.
TRUNCATE product_index, departed_products, index_pages, index_segments, catalogue_indexes;
--> statement-breakpoint
ALTER TABLE "index_segments" ADD COLUMN "counts" "bytea" NOT NULL;--> statement-breakpoint
ALTER TABLE "index_segments" ADD COLUMN "counted" integer NOT NULL;--> statement-breakpoint
ALTER TABLE "product_index" ADD COLUMN "quality" smallint NOT NULL;--> statement-breakpoint
CREATE INDEX "product_index_by_family" ON "product_index" USING btree ("workspace_id","family","name_key","product_id","ordinal");--> statement-breakpoint
CREATE INDEX "product_index_by_quality" ON "product_index" USING btree ("workspace_id","quality","product_id","ordinal");
--> statement-breakpoint
-- Read as it is, as the members beside it.
ALTER TABLE index_segments ALTER COLUMN counts SET STORAGE EXTERNAL;
--> statement-breakpoint
SET LOCAL ROLE latchkey_system;
--> statement-breakpoint
UPDATE sources SET index_import = null, index_row = 0, indexed = false, index_all = true;
--> statement-breakpoint
RESET ROLE;
