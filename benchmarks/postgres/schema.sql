-- The PostgreSQL peer: the tables of the source document that a sale, a check-in and the two readings touch, with its
-- triggers and its row policies, in SQL of our own. Where the source does not load, does not protect or is slow, it is
-- put right the way a careful user would: casts that load, claims wrapped in sub-selects so that they are read once per
-- statement, policies bound to a role, an index behind every lookup, a CHECK that keeps the counter above zero, helper
-- functions for what row policies may not look into themselves.
BEGIN;

CREATE ROLE authenticated NOLOGIN;
CREATE ROLE anon NOLOGIN;
CREATE ROLE service_role NOLOGIN BYPASSRLS;
CREATE ROLE bench_client LOGIN NOINHERIT;
GRANT authenticated, anon, service_role TO bench_client;

-- ---- claims ---------------------------------------------------------------------------------------------------------

CREATE SCHEMA auth;
GRANT USAGE ON SCHEMA auth TO authenticated, anon, service_role;
CREATE FUNCTION auth.jwt() RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT coalesce(nullif(current_setting('request.jwt.claims', true), ''), '{}')::jsonb
$$;
CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS $$ SELECT (auth.jwt() ->> 'sub')::uuid $$;
CREATE FUNCTION auth.organization() RETURNS uuid LANGUAGE sql STABLE AS $$
  SELECT (auth.jwt() ->> 'organization_id')::uuid
$$;

-- ---- tables ---------------------------------------------------------------------------------------------------------

CREATE TABLE organizations (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name text NOT NULL,
  slug text NOT NULL UNIQUE,
  subscription_tier text DEFAULT 'free' CHECK (subscription_tier IN ('free', 'pro', 'enterprise')),
  settings jsonb DEFAULT '{}',
  created_at timestamptz DEFAULT now(),
  updated_at timestamptz DEFAULT now()
);

CREATE TABLE users (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  organization_id uuid REFERENCES organizations ON DELETE CASCADE,
  email text NOT NULL UNIQUE,
  full_name text NOT NULL,
  avatar_url text,
  phone text,
  role text DEFAULT 'member' CHECK (role IN ('owner', 'admin', 'manager', 'member', 'guest')),
  professional_title text,
  department text CHECK (department IN ('production', 'marketing', 'sales', 'finance', 'operations')),
  skills text[],
  certifications jsonb DEFAULT '[]',
  availability_schedule jsonb DEFAULT '{}',
  performance_metrics jsonb DEFAULT '{}',
  preferences jsonb DEFAULT '{}',
  is_active boolean DEFAULT true,
  last_login_at timestamptz,
  created_at timestamptz DEFAULT now(),
  updated_at timestamptz DEFAULT now()
);

CREATE TABLE events (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  organization_id uuid REFERENCES organizations ON DELETE CASCADE,
  name text NOT NULL,
  slug text NOT NULL,
  description text,
  event_type text CHECK (event_type IN ('conference', 'concert', 'festival', 'corporate', 'wedding', 'trade_show',
                                        'workshop')),
  category text CHECK (category IN ('business', 'entertainment', 'education', 'sports', 'arts', 'technology',
                                    'lifestyle')),
  status text DEFAULT 'planning' CHECK (status IN ('planning', 'confirmed', 'active', 'completed', 'cancelled')),
  is_public boolean DEFAULT true,
  is_virtual boolean DEFAULT false,
  is_hybrid boolean DEFAULT false,
  start_datetime timestamptz NOT NULL,
  end_datetime timestamptz NOT NULL,
  timezone text DEFAULT 'UTC',
  max_capacity integer,
  expected_attendance integer,
  venue_id uuid,
  created_by uuid REFERENCES users,
  ai_generated_content jsonb DEFAULT '{}',
  seo_metadata jsonb DEFAULT '{}',
  social_media_settings jsonb DEFAULT '{}',
  settings jsonb DEFAULT '{}',
  created_at timestamptz DEFAULT now(),
  updated_at timestamptz DEFAULT now(),
  UNIQUE (organization_id, slug)
);

CREATE TABLE venues (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  organization_id uuid REFERENCES organizations ON DELETE CASCADE,
  name text NOT NULL,
  address text NOT NULL,
  city text,
  venue_type text CHECK (venue_type IN ('indoor', 'outdoor', 'hybrid', 'virtual')),
  max_capacity integer NOT NULL,
  amenities text[],
  pricing_structure jsonb DEFAULT '{}',
  availability_calendar jsonb DEFAULT '{}',
  contact_info jsonb DEFAULT '{}',
  is_active boolean DEFAULT true,
  created_at timestamptz DEFAULT now(),
  updated_at timestamptz DEFAULT now()
);

CREATE TABLE team_assignments (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id uuid REFERENCES users ON DELETE CASCADE,
  event_id uuid REFERENCES events ON DELETE CASCADE,
  role_type text NOT NULL CHECK (role_type IN ('event_director', 'producer', 'marketing_manager',
                                               'sponsorship_manager', 'operations_manager', 'technical_director',
                                               'customer_experience_manager')),
  assignment_status text DEFAULT 'assigned'
    CHECK (assignment_status IN ('assigned', 'active', 'completed', 'cancelled')),
  start_date date,
  end_date date,
  workload_percentage integer DEFAULT 100 CHECK (workload_percentage BETWEEN 0 AND 100),
  hourly_rate numeric(10, 2),
  notes text,
  created_at timestamptz DEFAULT now(),
  updated_at timestamptz DEFAULT now()
);

-- The counter's row is rewritten by every sale: room on its page lets it stay there.
CREATE TABLE ticket_categories (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  event_id uuid REFERENCES events ON DELETE CASCADE,
  name text NOT NULL,
  description text,
  category_type text CHECK (category_type IN ('general_admission', 'vip', 'super_vip', 'early_bird', 'group',
                                              'student', 'senior')),
  base_price numeric(10, 2) NOT NULL,
  currency text DEFAULT 'USD',
  total_quantity integer NOT NULL,
  available_quantity integer NOT NULL CHECK (available_quantity >= 0),
  max_per_order integer DEFAULT 10,
  sale_start_date timestamptz,
  sale_end_date timestamptz,
  benefits jsonb DEFAULT '{}',
  pricing_rules jsonb DEFAULT '{}',
  is_transferable boolean DEFAULT true,
  is_refundable boolean DEFAULT true,
  refund_policy text,
  is_active boolean DEFAULT true,
  created_at timestamptz DEFAULT now(),
  updated_at timestamptz DEFAULT now()
) WITH (fillfactor = 20);

CREATE TABLE ticket_orders (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  organization_id uuid REFERENCES organizations ON DELETE CASCADE,
  event_id uuid REFERENCES events ON DELETE CASCADE,
  order_number text NOT NULL UNIQUE,
  customer_email text NOT NULL,
  customer_name text NOT NULL,
  customer_phone text,
  billing_address jsonb DEFAULT '{}',
  subtotal numeric(10, 2) NOT NULL,
  discount_amount numeric(10, 2) DEFAULT 0,
  taxes numeric(10, 2) DEFAULT 0,
  fees numeric(10, 2) DEFAULT 0,
  total_amount numeric(10, 2) NOT NULL,
  currency text DEFAULT 'USD',
  payment_method text,
  payment_status text DEFAULT 'pending'
    CHECK (payment_status IN ('pending', 'processing', 'paid', 'failed', 'refunded', 'partially_refunded')),
  order_status text DEFAULT 'active' CHECK (order_status IN ('active', 'cancelled', 'refunded')),
  stripe_payment_intent_id text,
  discount_code_used text,
  referral_source text,
  user_agent text,
  ip_address inet,
  special_requirements text,
  created_at timestamptz DEFAULT now(),
  updated_at timestamptz DEFAULT now()
);

CREATE TABLE tickets (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  order_id uuid REFERENCES ticket_orders ON DELETE CASCADE,
  ticket_category_id uuid REFERENCES ticket_categories ON DELETE CASCADE,
  ticket_number text NOT NULL UNIQUE,
  attendee_name text NOT NULL,
  attendee_email text NOT NULL,
  attendee_phone text,
  qr_code_data text NOT NULL,
  price_paid numeric(10, 2) NOT NULL,
  currency text DEFAULT 'USD',
  status text DEFAULT 'valid' CHECK (status IN ('valid', 'used', 'cancelled', 'transferred')),
  check_in_time timestamptz,
  transferred_to_email text,
  transferred_at timestamptz,
  special_requirements text,
  created_at timestamptz DEFAULT now(),
  updated_at timestamptz DEFAULT now()
) WITH (fillfactor = 80);

CREATE TABLE audit_logs (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  table_name text NOT NULL,
  operation text NOT NULL,
  record_id uuid,
  old_values jsonb,
  new_values jsonb,
  user_id uuid,
  timestamp timestamptz DEFAULT now()
);

CREATE INDEX ON users (organization_id);
CREATE INDEX ON team_assignments (user_id, event_id);
CREATE INDEX ON team_assignments (event_id);
CREATE INDEX ON events (organization_id, status, start_datetime);
CREATE INDEX ON ticket_categories (event_id);
CREATE INDEX ON ticket_orders (event_id, created_at);
CREATE INDEX ON ticket_orders (customer_email);
CREATE INDEX ON tickets (order_id);
CREATE INDEX ON tickets (ticket_category_id, id);
CREATE INDEX ON tickets (attendee_email);
CREATE UNIQUE INDEX ON tickets (qr_code_data);
CREATE UNIQUE INDEX ON ticket_orders (stripe_payment_intent_id);
CREATE INDEX ON tickets USING gin (to_tsvector('simple', attendee_name));
CREATE INDEX ON venues (organization_id, name);
CREATE INDEX ON audit_logs (record_id);
CREATE INDEX ON audit_logs ("timestamp");

-- ---- triggers -------------------------------------------------------------------------------------------------------

CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := now();
  RETURN NEW;
END
$$;

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['organizations', 'users', 'team_assignments', 'events', 'venues', 'ticket_categories',
                              'ticket_orders', 'tickets'] LOOP
    EXECUTE format('CREATE TRIGGER touch BEFORE UPDATE ON %I FOR EACH ROW EXECUTE FUNCTION touch()', name);
  END LOOP;
END
$$;

-- Definer's rights: who sells a ticket moves the counter whatever he may write to the category itself.
CREATE FUNCTION count_places() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    UPDATE ticket_categories SET available_quantity = available_quantity - 1 WHERE id = NEW.ticket_category_id;
  ELSIF TG_OP = 'UPDATE' THEN
    IF OLD.status = 'valid' AND NEW.status = 'cancelled' THEN
      UPDATE ticket_categories SET available_quantity = available_quantity + 1 WHERE id = NEW.ticket_category_id;
    END IF;
  ELSE
    UPDATE ticket_categories SET available_quantity = available_quantity + 1 WHERE id = OLD.ticket_category_id;
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER count_places AFTER INSERT OR UPDATE OR DELETE ON tickets
  FOR EACH ROW EXECUTE FUNCTION count_places();

CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO audit_logs (table_name, operation, record_id, new_values, user_id)
      VALUES (TG_TABLE_NAME, TG_OP, NEW.id, to_jsonb(NEW), auth.uid());
  ELSIF TG_OP = 'UPDATE' THEN
    INSERT INTO audit_logs (table_name, operation, record_id, old_values, new_values, user_id)
      VALUES (TG_TABLE_NAME, TG_OP, NEW.id, to_jsonb(OLD), to_jsonb(NEW), auth.uid());
  ELSE
    INSERT INTO audit_logs (table_name, operation, record_id, old_values, user_id)
      VALUES (TG_TABLE_NAME, TG_OP, OLD.id, to_jsonb(OLD), auth.uid());
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON events FOR EACH ROW EXECUTE FUNCTION audit();
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON ticket_orders FOR EACH ROW EXECUTE FUNCTION audit();

-- ---- row policies ---------------------------------------------------------------------------------------------------

-- What policies ask of tables that are closed themselves.
CREATE FUNCTION auth.staff_organization() RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
AS $$ SELECT organization_id FROM users WHERE id = auth.uid() AND is_active $$;
CREATE FUNCTION auth.assigned(event uuid) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
AS $$ SELECT EXISTS (SELECT FROM team_assignments WHERE user_id = auth.uid() AND event_id = event) $$;

ALTER TABLE organizations ENABLE ROW LEVEL SECURITY;
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
ALTER TABLE team_assignments ENABLE ROW LEVEL SECURITY;
ALTER TABLE events ENABLE ROW LEVEL SECURITY;
ALTER TABLE venues ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticket_categories ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticket_orders ENABLE ROW LEVEL SECURITY;
ALTER TABLE tickets ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_logs ENABLE ROW LEVEL SECURITY;

CREATE POLICY members_read_assigned ON events FOR SELECT TO authenticated USING (
  organization_id = (SELECT auth.organization())
  AND ((SELECT auth.jwt() ->> 'role') IN ('owner', 'admin', 'manager') OR auth.assigned(id)));
CREATE POLICY admins_write ON events FOR ALL TO authenticated USING (
  organization_id = (SELECT auth.organization()) AND (SELECT auth.jwt() ->> 'role') IN ('owner', 'admin'));
CREATE POLICY managers_change_assigned ON events FOR UPDATE TO authenticated USING (
  organization_id = (SELECT auth.organization())
  AND (SELECT auth.jwt() ->> 'role') IN ('owner', 'admin', 'manager') AND auth.assigned(id));
CREATE POLICY public_events ON events FOR SELECT TO anon USING (is_public AND status IN ('confirmed', 'active'));

CREATE POLICY staff_keeps_venues ON venues FOR ALL TO authenticated USING (
  organization_id = (SELECT auth.organization())
  AND (SELECT auth.jwt() ->> 'role') IN ('owner', 'admin', 'manager'));

CREATE POLICY staff_read ON ticket_categories FOR SELECT TO authenticated USING (
  EXISTS (SELECT FROM events e WHERE e.id = event_id));

CREATE POLICY own_orders ON ticket_orders FOR SELECT TO authenticated USING (
  organization_id = (SELECT auth.staff_organization()) OR customer_email = (SELECT auth.jwt() ->> 'email'));
CREATE POLICY staff_sells ON ticket_orders FOR INSERT TO authenticated WITH CHECK (
  organization_id = (SELECT auth.staff_organization()));

CREATE POLICY own_tickets ON tickets FOR SELECT TO authenticated USING (
  attendee_email = (SELECT auth.jwt() ->> 'email') OR EXISTS (SELECT FROM ticket_orders o WHERE o.id = order_id));
CREATE POLICY staff_issues ON tickets FOR INSERT TO authenticated WITH CHECK (
  EXISTS (SELECT FROM ticket_orders o
          WHERE o.id = order_id AND o.organization_id = (SELECT auth.staff_organization())));
CREATE POLICY staff_admits ON tickets FOR UPDATE TO authenticated USING (
  EXISTS (SELECT FROM ticket_orders o
          WHERE o.id = order_id AND o.organization_id = (SELECT auth.staff_organization())));

GRANT SELECT ON events, ticket_categories TO authenticated, anon;
GRANT SELECT, INSERT ON ticket_orders, venues TO authenticated;
GRANT SELECT, INSERT, UPDATE ON tickets TO authenticated;
GRANT ALL ON ALL TABLES IN SCHEMA public TO service_role;

-- ---- what the clients call ------------------------------------------------------------------------------------------

-- A box-office sale with the caller's rights: order, tickets; triggers count the places and write the audit row. The
-- counter is taken last, so that its row is locked for as short as possible.
CREATE FUNCTION place_order(sale_event uuid, category uuid, quantity integer, customer text, method text, paid numeric)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  event events;
  place ticket_categories;
  sold ticket_orders;
  issued jsonb;
BEGIN
  SELECT * INTO event FROM events WHERE id = sale_event;
  IF NOT FOUND THEN RAISE EXCEPTION 'not_found'; END IF;
  IF event.status NOT IN ('confirmed', 'active') THEN RAISE EXCEPTION 'not_on_sale'; END IF;
  SELECT * INTO place FROM ticket_categories WHERE id = category AND event_id = sale_event;
  IF NOT FOUND OR NOT place.is_active THEN RAISE EXCEPTION 'not_on_sale'; END IF;
  IF now() < place.sale_start_date OR now() > place.sale_end_date THEN RAISE EXCEPTION 'outside_window'; END IF;
  IF quantity < 1 OR quantity > place.max_per_order THEN RAISE EXCEPTION 'too_many'; END IF;
  IF paid <> place.base_price * quantity THEN RAISE EXCEPTION 'payment_mismatch'; END IF;

  INSERT INTO ticket_orders (organization_id, event_id, order_number, customer_email, customer_name, subtotal,
                             total_amount, currency, payment_method, payment_status)
    VALUES (event.organization_id, sale_event, 'EC-' || upper(substr(replace(gen_random_uuid()::text, '-', ''), 1, 16)),
            '', customer, paid, paid, place.currency, method, 'paid')
    RETURNING * INTO sold;
  WITH made AS (
    INSERT INTO tickets (order_id, ticket_category_id, ticket_number, attendee_name, attendee_email, qr_code_data,
                         price_paid, currency)
      SELECT sold.id, category, 'T-' || upper(substr(replace(gen_random_uuid()::text, '-', ''), 1, 16)), customer, '',
             replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), place.base_price, place.currency
      FROM generate_series(1, quantity)
      RETURNING *)
    SELECT jsonb_agg(to_jsonb(made)) INTO issued FROM made;
  RETURN jsonb_build_object('order', to_jsonb(sold), 'tickets', issued);
END
$$;

-- A scan: the row lock of the UPDATE lets exactly one of two scans find the ticket valid.
CREATE FUNCTION check_in(scan_event uuid, code text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  ticket tickets;
BEGIN
  UPDATE tickets t SET status = 'used', check_in_time = now()
    WHERE t.qr_code_data = code AND t.status = 'valid'
      AND EXISTS (SELECT FROM ticket_categories c WHERE c.id = t.ticket_category_id AND c.event_id = scan_event)
    RETURNING t.* INTO ticket;
  IF FOUND THEN RETURN jsonb_build_object('outcome', 'admitted', 'ticket', to_jsonb(ticket)); END IF;
  SELECT * INTO ticket FROM tickets t WHERE t.qr_code_data = code;
  IF NOT FOUND THEN RETURN jsonb_build_object('outcome', 'unknown'); END IF;
  RETURN jsonb_build_object('outcome', CASE WHEN ticket.status = 'used' THEN 'already_used' ELSE 'wrong_event' END);
END
$$;

-- Online: a visitor has no right to write an order, so the function has it. An order that is not paid holds no place, as
-- in the source; its places are taken when it is paid, by the tickets.
CREATE FUNCTION place_online(sale_event uuid, category uuid, quantity integer, customer text, email text)
RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
  event events;
  place ticket_categories;
  placed uuid;
BEGIN
  SELECT * INTO event FROM events WHERE id = sale_event AND is_public AND status IN ('confirmed', 'active');
  IF NOT FOUND THEN RAISE EXCEPTION 'not_found'; END IF;
  SELECT * INTO place FROM ticket_categories WHERE id = category AND event_id = sale_event AND is_active;
  IF NOT FOUND THEN RAISE EXCEPTION 'not_on_sale'; END IF;
  IF now() < place.sale_start_date OR now() > place.sale_end_date THEN RAISE EXCEPTION 'outside_window'; END IF;
  IF quantity < 1 OR quantity > place.max_per_order THEN RAISE EXCEPTION 'too_many'; END IF;
  IF place.available_quantity < quantity THEN RAISE EXCEPTION 'sold_out'; END IF;
  INSERT INTO ticket_orders (organization_id, event_id, order_number, customer_email, customer_name, subtotal,
                             total_amount, currency)
    VALUES (event.organization_id, sale_event, 'EC-' || upper(substr(replace(gen_random_uuid()::text, '-', ''), 1, 16)),
            email, customer, place.base_price * quantity, place.base_price * quantity, place.currency)
    RETURNING id INTO placed;
  RETURN placed;
END
$$;
REVOKE ALL ON FUNCTION place_online FROM PUBLIC;
GRANT EXECUTE ON FUNCTION place_online TO anon;

-- The host's own calls, by the role that no policy binds.
CREATE FUNCTION start_payment(paid_order uuid, reference text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE ticket_orders SET payment_status = 'processing', stripe_payment_intent_id = reference
    WHERE id = paid_order AND payment_status = 'pending' AND order_status = 'active';
  IF NOT FOUND THEN RAISE EXCEPTION 'wrong_state'; END IF;
END
$$;

-- The host knows what was in the cart: the source's order does not.
CREATE FUNCTION confirm_payment(paid_order uuid, reference text, category uuid, quantity integer)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  place ticket_categories;
  paid ticket_orders;
  issued jsonb;
BEGIN
  SELECT * INTO place FROM ticket_categories WHERE id = category;
  UPDATE ticket_orders SET payment_status = 'paid', payment_method = 'card'
    WHERE id = paid_order AND payment_status = 'processing' AND stripe_payment_intent_id = reference
      AND total_amount = place.base_price * quantity
    RETURNING * INTO paid;
  IF NOT FOUND THEN RAISE EXCEPTION 'wrong_state'; END IF;
  WITH made AS (
    INSERT INTO tickets (order_id, ticket_category_id, ticket_number, attendee_name, attendee_email, qr_code_data,
                         price_paid, currency)
      SELECT paid.id, category, 'T-' || upper(substr(replace(gen_random_uuid()::text, '-', ''), 1, 16)),
             paid.customer_name, paid.customer_email,
             replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), place.base_price, place.currency
      FROM generate_series(1, quantity)
      RETURNING *)
    SELECT jsonb_agg(to_jsonb(made)) INTO issued FROM made;
  RETURN jsonb_build_object('order', to_jsonb(paid), 'tickets', issued);
END
$$;

-- A sale to named visitors: the tickets get their names in order.
CREATE FUNCTION place_order_for(sale_event uuid, category uuid, names text[], method text, paid numeric)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  sold jsonb := place_order(sale_event, category, cardinality(names), 'Walk-in', method, paid);
BEGIN
  UPDATE tickets t SET attendee_name = names[n.place]
    FROM (SELECT (ticket ->> 'id')::uuid AS id, place FROM jsonb_array_elements(sold -> 'tickets')
          WITH ORDINALITY AS of_order (ticket, place)) n
    WHERE t.id = n.id;
END
$$;

-- Searches and sums look at many rows, and no index serves a text search below a row policy, whose functions come first:
-- who may ask is asked once.
CREATE FUNCTION search_attendees(of_event uuid, words tsquery, most integer) RETURNS SETOF jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM events WHERE id = of_event AND organization_id = auth.staff_organization()) THEN
    RAISE EXCEPTION 'not_found';
  END IF;
  RETURN QUERY SELECT to_jsonb(t) FROM tickets t JOIN ticket_categories c ON c.id = t.ticket_category_id
    WHERE to_tsvector('simple', t.attendee_name) @@ words AND c.event_id = of_event LIMIT most;
END
$$;

CREATE FUNCTION event_report(of_event uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM events WHERE id = of_event AND organization_id = auth.staff_organization()) THEN
    RAISE EXCEPTION 'not_found';
  END IF;
  RETURN (SELECT jsonb_build_object('tickets', sum(tickets), 'checked_in', sum(used), 'revenue', sum(revenue),
                                    'by_category', jsonb_object_agg(name, tickets))
    FROM (SELECT c.name, count(*) FILTER (WHERE t.status IN ('valid', 'used')) AS tickets,
                 count(*) FILTER (WHERE t.status = 'used') AS used,
                 sum(t.price_paid) FILTER (WHERE t.status IN ('valid', 'used')) AS revenue
          FROM ticket_categories c JOIN tickets t ON t.ticket_category_id = c.id
          WHERE c.event_id = of_event GROUP BY c.id) figures);
END
$$;

COMMIT;
