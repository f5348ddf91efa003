using FluentAssertions;
using Microsoft.Extensions.Logging;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;

namespace ViSurf.Core.Tests.Training;

public sealed class OptionsTests
{
    [Fact]
    public void A_value_out_of_range_is_refused_where_it_is_set()
    {
        Setting(() => new TrainerOptions { GroupSize = 0 }).WithMessage("*> 0, got 0*");
        Setting(() => new TrainerOptions { Temperature = 0 });
        Setting(() => new TrainerOptions { Temperature = double.NaN });
        Setting(() => new TrainerOptions { MicroBatchTokens = -1 });
        Setting(() => new TrainerOptions { MaxGradientNorm = 0 });
        Setting(() => new TrainerOptions() with { UpdatesPerRollout = 0 });
        Setting(() => new AdamWOptions { Beta1 = 1 });
        Setting(() => new AdamWOptions { WeightDecay = -0.1 });

        static FluentAssertions.Specialized.ExceptionAssertions<ArgumentOutOfRangeException> Setting(Func<object> make)
            => make.Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void The_defaults_are_those_of_the_paper_and_its_ancestors()
    {
        var (trainer, adam) = (new TrainerOptions(), new AdamWOptions());
        (trainer.GroupSize, trainer.Temperature, trainer.PromptsPerStep, trainer.UpdatesPerRollout).Should().Be((8, 1.0, 16, 1));
        (trainer.MaxPromptTokens, trainer.MaxNewTokens, trainer.MaxGradientNorm).Should().Be((1300, 2000, 1.0));
        (adam.LearningRate(0), adam.Beta1, adam.Beta2, adam.WeightDecay).Should().Be((1e-6, 0.9, 0.999, 1e-2));
    }

    [Fact]
    public void A_logger_gets_a_line_per_step_and_a_warning_for_a_skipped_one()
    {
        var policy = TinyText.Policy(1);
        using var optimizer = Toy.Optimizer(policy);
        var steps = 0;
        var parts = TrainerParts.Sft(TinyText.Encoder, policy, optimizer);
        parts = parts with { Objective = new ProbedObjective(parts.Objective, (_, _) => steps++ == 1 ? double.NaN : 1) };
        var logger = new Lines();
        new Trainer(parts, Toy.Options).Run([Toy.Labelled, Toy.Labelled, Toy.Labelled], logger.LogStep);
        logger.Seen.Select(line => line.Level).Should().Equal(LogLevel.Information, LogLevel.Warning, LogLevel.Information);
        logger.Seen.Select(line => line.Text[..6]).Should().Equal("step 0", "step 1", "step 2");
    }

    private sealed class Lines : ILogger
    {
        public List<(LogLevel Level, string Text)> Seen { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
            => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            => Seen.Add((logLevel, formatter(state, exception)));
    }
}
