using FluentAssertions;
using ViSurf.Core.Rewards;
using ViSurf.Core.Rewards.Parsing;
using ViSurf.Core.Testing;
using Xunit;

namespace ViSurf.Core.Tests.Rewards;

/// <summary>Choices and yes or no as they are written in Chinese.</summary>
public sealed class ChineseAnswersTests
{
    [Theory]
    [InlineData("Ｂ", 'B')]
    [InlineData("ｂ", 'B')]
    [InlineData("（B）", 'B')]
    [InlineData("（Ｂ）", 'B')]
    [InlineData("【B】", 'B')]
    [InlineData("选项B", 'B')]
    [InlineData("选项B。", 'B')]
    [InlineData("选B", 'B')]
    [InlineData("故选：B", 'B')]
    [InlineData("B选项", 'B')]
    [InlineData("B项", 'B')]
    [InlineData("答案：B", 'B')]
    [InlineData("答案：Ｂ。", 'B')]
    [InlineData("答案是B", 'B')]
    [InlineData("答案是B。", 'B')]
    [InlineData("正确答案为（B）。", 'B')]
    [InlineData("我选择B，因为它是红色的。", 'B')]
    [InlineData("B、一个红色的方块", 'B')]
    [InlineData("B．红色", 'B')]
    [InlineData("A和C都不对，答案是B。", 'B')]
    [InlineData("A 不对，故选 B", 'B')]
    [InlineData("B是正确的", 'B')]
    [InlineData("B正确", 'B')]
    [InlineData("A、B、C", null)]
    [InlineData("ＡＢ", null)]
    [InlineData("B超", null)]
    [InlineData("X光片", null)]
    [InlineData("红色", null)]
    [InlineData("选项", null)]
    public void A_letter(string answer, char? expected) => ChoiceText.Letter(answer).Should().Be(expected);

    [Theory]
    [InlineData("B", 'B')]
    [InlineData("(b)", 'B')]
    [InlineData("B. a red square", 'B')]
    [InlineData("It is **B**.", 'B')]
    [InlineData("The answer is A, B, C or D.", 'A')]
    [InlineData("A B C D E F", null)]
    [InlineData("A cat", null)]
    [InlineData("I think", null)]
    [InlineData("CAT", null)]
    public void English_stays_as_it_was(string answer, char? expected) => ChoiceText.Letter(answer).Should().Be(expected);

    [Theory]
    [InlineData("是", true)]
    [InlineData("是的。", true)]
    [InlineData("是，图中有一只猫。", true)]
    [InlineData("对", true)]
    [InlineData("正确", true)]
    [InlineData("答案：是", true)]
    [InlineData("答案是是", true)]
    [InlineData("否", false)]
    [InlineData("不是", false)]
    [InlineData("不是，图中没有猫。", false)]
    [InlineData("答案：否。", false)]
    [InlineData("答案是否", false)]
    [InlineData("错误", false)]
    [InlineData("没有", false)]
    [InlineData("Yes", true)]
    [InlineData("no.", false)]
    [InlineData("yes（是）", true)]
    [InlineData("是 否", null)]
    [InlineData("是或否", null)]
    [InlineData("yes no", null)]
    [InlineData("图中是一只猫", null)]
    [InlineData("是否", null)]
    public void Yes_or_no(string answer, bool? expected) => ChoiceText.YesNo(answer).Should().Be(expected);

    [Fact]
    public void Labels_and_answers_may_be_in_either_language()
    {
        AnswerRewards.Choice().Score(Some.Example("（Ａ）"), Some.Thought("想一想", "选项A")).Should().Be(1);
        AnswerRewards.Choice().Score(Some.Example("答案：A"), Some.Thought("", "B")).Should().Be(0);
        AnswerRewards.YesNo().Score(Some.Example("是"), Some.Thought("", "Yes.")).Should().Be(1);
        AnswerRewards.YesNo().Score(Some.Example("no"), Some.Thought("", "否")).Should().Be(1);
        AnswerRewards.YesNo().Score(Some.Example("否"), Some.Thought("", "是")).Should().Be(0);
        AnswerRewards.YesNo(firstCounts: true).Score(Some.Example("否"), Some.Thought("", "否，是")).Should().Be(1);
    }
}
