using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Rollouts;
using Xunit;

namespace ViSurf.Core.Tests.Rollouts;

public sealed class TokenTapeTests
{
    private static readonly HashSet<int> Stops = [7, 8];

    [Fact]
    public void A_stop_token_ends_the_row_and_is_part_of_it()
    {
        var tape = new TokenTape(2, "cat", 5, 1);
        tape.Append(4, -0.5f, Stops, 10);
        tape.Finished.Should().BeNull();
        tape.Append(8, -1.5f, Stops, 10);

        var sample = tape.ToSample();
        sample.PromptIndex.Should().Be(2);
        sample.TokenIds.Should().Equal(4, 8);
        sample.LogProbs.Should().Equal(-0.5f, -1.5f);
        sample.FinishReason.Should().Be(FinishReason.Stop);
    }

    [Fact]
    public void The_limit_ends_the_row_unless_the_last_token_is_a_stop()
    {
        var (cut, stopped) = (new TokenTape(0, "a", 0, 0), new TokenTape(0, "a", 0, 1));
        foreach (var (tape, last) in new[] { (cut, 1), (stopped, 7) })
        {
            tape.Append(1, 0, Stops, 2);
            tape.Append(last, 0, Stops, 2);
        }
        cut.Finished.Should().Be(FinishReason.Length);
        stopped.Finished.Should().Be(FinishReason.Stop);
    }

    [Fact]
    public void An_ended_row_takes_no_more_and_an_open_one_is_no_sample()
    {
        var tape = new TokenTape(0, "cat", 0, 0);
        tape.Invoking(t => t.ToSample()).Should().Throw<InvalidOperationException>().WithMessage("*'cat'*goes on*");
        tape.Append(7, 0, Stops, 5);
        tape.Invoking(t => t.Append(1, 0, Stops, 5)).Should().Throw<InvalidOperationException>().WithMessage("*'cat'*ended (Stop)*");
    }
}
