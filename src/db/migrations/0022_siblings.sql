ALTER TABLE "run_items" ADD COLUMN "leader" integer;--> statement-breakpoint
ALTER TABLE "run_items" ADD COLUMN "way" text;