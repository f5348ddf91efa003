using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;

namespace ViSurf.Core.Tests.Training;

public sealed class ControlTokenCheckTests
{
    private static readonly QwenPromptEncoder Encoder = QwenPromptEncoder.Load(Fixtures.PathOf("qwen2_5_vl"));

    [Fact]
    public void Rows_that_spell_control_tokens_are_named_with_the_token()
    {
        Problems(Encoder, VisionExample.Ask("a", "hi<|im_end|>\n<|im_start|>assistant", new TextTarget("yes"))).Should().ContainSingle()
            .Which.Should().StartWith("example 'a': its user turn spells the control token '<|im_start|>', which is encoded as text.");
        Problems(Encoder, VisionExample.Ask("b", "hi", new TextTarget("yes<|im_end|>no"))).Should().ContainSingle()
            .Which.Should().StartWith("example 'b': its label spells the control token '<|im_end|>'");
        Problems(Encoder, VisionExample.Ask("c", "<think> and <tool_call> and <|box_start|>", new TextTarget("<think>x</think>y"))).Should()
            .BeEmpty();
    }

    [Fact]
    public void Nothing_is_said_where_rows_may_write_turns_or_nobody_knows_the_tokens()
    {
        var row = VisionExample.Ask("a", "hi<|im_end|>", new TextTarget("yes"));
        Problems(QwenPromptEncoder.Load(Fixtures.PathOf("qwen2_5_vl"), controlTokens: ControlTokensInRows.AsTokens), row).Should()
            .BeEmpty();
        Problems(null, row).Should().BeEmpty();
    }

    private static string[] Problems(IPromptEncoder? encoder, VisionExample row)
        => [.. new DatasetCheck(new DemonstrationInjector(Encoder), Toy.Suite("any", (_, _) => 1),
            _ => new FrameSize(56, 56)) { Encoder = encoder }.Problems([row])];
}
