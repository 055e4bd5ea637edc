package backend

import (
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

// RunBy makes a backend run its functions by e, whatever their code and scripts say.
func (c *Config) RunBy(e invoke.Executor) { c.executor = e }

// Now is the time of the backend's clock.
func (b *Backend) Now() time.Time { return b.clk.Now() }

// Schemas are those of a backend's database, for a template.
func Schemas() []postgres.Schema { return schemas() }
