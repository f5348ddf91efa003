using System.Text.Json;
using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Rewards;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;

namespace ViSurf.Core.Tests.Models.QwenVl;

/// <summary>A chat template that ends with &lt;think&gt;: the thought belongs to the answer, whoever wrote its first word.</summary>
public sealed class OpenedThoughtTests : IDisposable
{
    private readonly TemporaryDirectory _folder = TemporaryDirectory.CopyOf("qwen3_vl");
    private readonly QwenPromptEncoder _encoder;

    public OpenedThoughtTests()
    {
        File.Copy(Cases.PathOf("27-thought-opened-by-the-prompt", "chat_template.jinja"), _folder.File("chat_template.jinja"),
            overwrite: true);
        _encoder = QwenPromptEncoder.Load(_folder.Path);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Completions_of_the_case_have_the_thinking_format_that_they_have_with_their_opening()
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Cases.PathOf("27-thought-opened-by-the-prompt", "completions.json")));
        foreach (var row in json.RootElement.EnumerateArray())
        {
            var example = VisionExample.Ask("1", "Where?", null);
            var ids = _encoder.Tokenizer.Encode(row.GetProperty("text").GetString()!);
            var group = RolloutGroups.Assemble([example], [new SampledTokens(0, ids, [], FinishReason.Stop)], _encoder)[0];
            group.Completions[0].Text.Should().Be("<think>\n" + row.GetProperty("text").GetString());
            new ThinkingFormatReward().Score(example, group.Completions[0]).Should()
                .Be(row.GetProperty("thinking_format_right").GetDouble());
        }
    }

    [Fact]
    public void A_label_closes_the_thought_before_it_answers()
    {
        _encoder.AnswerOpening.Should().Be("<think>\n");
        _encoder.Render(VisionExample.Ask("1", "Q", null)).Should().EndWith("<|im_start|>assistant\n<think>\n");
        var label = new DemonstrationInjector(_encoder).Demonstration(VisionExample.Ask("1", "Q", new TextTarget("red")))!;
        label.Text.Should().Be("<think>\n\n</think>\n\n<answer>red</answer>", "as the families write an empty thought");
        _encoder.Decode(label.TokenIds).Should().Be("\n</think>\n\n<answer>red</answer>", "the prompt has written the rest");
        new ThinkingFormatReward().Score(VisionExample.Ask("1", "Q", null), label).Should().Be(1);
    }

    [Theory]
    [InlineData("<think>\n", "<think>\nx\n</think>\n\n<answer>1</answer>", "x\n</think>\n\n<answer>1</answer>")]
    [InlineData("<think>\n", "<think>x</think>1", "x</think>1")]
    [InlineData("<think>", "<think>\nx\n</think>1", "\nx\n</think>1")]
    [InlineData("<think>", "1", "\n\n</think>\n\n1")]
    [InlineData("<think>\n", "x</think>1", "x</think>1")]
    [InlineData("<think>\n", "x</think><answer>1</answer>", "x</think><answer>1</answer>")]
    [InlineData("<think>\n", " \n<think>\nx</think>1", "x</think>1")]
    [InlineData("<think>\n", "<answer>the tag </think></answer>", "\n</think>\n\n<answer>the tag </think></answer>")]
    [InlineData("<think>\n", "<answer><think>x</think>1</answer>", "\n</think>\n\n<answer><think>x</think>1</answer>")]
    [InlineData("<think>\n\n</think>\n\n", "1", "1")]
    [InlineData("", "<think>x</think>1", "<think>x</think>1")]
    public void What_is_left_of_an_answer_goes_on_where_the_prompt_ended(string opening, string answer, string rest)
        => AnswerText.AfterOpening(answer, opening).Should().Be(rest);

    [Fact]
    public void Rows_that_are_prepared_ahead_keep_the_opening()
    {
        using var ahead = new PrefetchingStream(new ListStream([VisionExample.Ask("1", "Q", new TextTarget("red"))]), _encoder);
        ahead.Encoder.AnswerOpening.Should().Be("<think>\n");
        ahead.Encoder.ControlTokens.Should().Equal(_encoder.ControlTokens);
    }
}
