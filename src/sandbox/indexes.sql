CREATE UNIQUE INDEX customers_id ON customers (id);
CREATE UNIQUE INDEX customers_slug ON customers (slug) WHERE gone = 0;
CREATE INDEX customers_newest ON customers (created_ms, display_id) WHERE gone = 0;
CREATE INDEX customers_status ON customers (status, created_ms, display_id) WHERE gone = 0;

CREATE UNIQUE INDEX contacts_id ON contacts (id);
CREATE UNIQUE INDEX contacts_email ON contacts (customer, email) WHERE gone = 0;
CREATE INDEX contacts_newest ON contacts (customer, created_ms, display_id) WHERE gone = 0;

CREATE UNIQUE INDEX onboardings_id ON onboardings (id);
CREATE INDEX onboardings_newest ON onboardings (created_ms, display_id) WHERE gone = 0;
CREATE INDEX onboardings_customer ON onboardings (customer, created_ms, display_id) WHERE gone = 0;
CREATE INDEX onboardings_phase ON onboardings (phase, created_ms, display_id) WHERE gone = 0;
CREATE INDEX onboardings_state ON onboardings (state, created_ms, display_id) WHERE gone = 0;
CREATE INDEX onboardings_waiting ON onboardings (waiting, created_ms, display_id) WHERE gone = 0;
